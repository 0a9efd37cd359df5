//! The trait of language models, and requests.

use crate::{Answer, Message, ToolDefinition, Tools, clock::Clock};
use burdock::Runtime;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// A language model, or a substitute for one.
///
/// In a graph it is a resource of type `Arc<dyn Model>`, so that programs and tests can choose an
/// implementation. An implementation has three obligations:
///
/// - Answers are lazy: nothing is sent before the stream is polled.
/// - The last item is a [`Chunk::End`](crate::Chunk::End) or an error, and no item follows it.
/// - Dropping the stream cancels the request. For a provider, this closes the connection.
///
/// ```
/// use burdock_llm::{Answer, Chunk, End, Model, Reason, Request, Usage};
/// use futures::{executor::block_on, stream};
///
/// /// Answers with the text of the request.
/// #[derive(Debug)]
/// struct Parrot;
///
/// impl Model for Parrot {
///     fn chat(&self, request: Request) -> Answer {
///         let text = request.messages.into_iter().map(|message| message.text).collect();
///         let end = End { reason: Reason::Complete, usage: Usage::default() };
///         Answer::new(stream::iter([Ok(Chunk::Delta(text)), Ok(Chunk::End(end))]))
///     }
/// }
///
/// let whole = block_on(Parrot.chat(Request::prompt("hello")).whole())?;
/// assert_eq!(whole.text, "hello");
/// # Ok::<_, burdock_llm::ModelError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    note = "implement `burdock_llm::Model`, or use `Offline`, `Scripted` or `Provider`"
)]
pub trait Model: Send + Sync + fmt::Debug + 'static {
    /// Returns the answer, which is a stream of chunks.
    fn chat(&self, request: Request) -> Answer;

    /// Returns whether the model restricts its answers to this schema if it is in [`Options::schema`].
    ///
    /// Defaults to `false`: a typed prompt then describes the schema in its text instead.
    fn accepts_schema(&self, schema: &ResponseSchema) -> bool {
        let _ = schema;
        false
    }
}

impl<M: Model + ?Sized> Model for Arc<M> {
    fn chat(&self, request: Request) -> Answer {
        (**self).chat(request)
    }

    fn accepts_schema(&self, schema: &ResponseSchema) -> bool {
        (**self).accepts_schema(schema)
    }
}

/// A request for an answer.
///
/// Requests are equal if their messages and options are.
///
/// ```
/// use burdock_llm::{Message, Request};
///
/// let history = [Message::user("I am Ada"), Message::assistant("Hello, Ada!")];
/// let prompt = Message::user("What is my name?");
/// let request = Request::new(history.into_iter().chain([prompt]))
///     .system("Be brief.")
///     .max_tokens(100)
///     .temperature(0.2);
/// assert_eq!(request.messages.len(), 3);
/// assert_eq!(request.options.system.as_deref(), Some("Be brief."));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The conversation so far, oldest message first.
    pub messages: Vec<Message>,
    /// Options for the answer.
    pub options: Options,
    pub(crate) clock: Clock,
}

impl Request {
    /// Creates a request for the next message of a conversation.
    pub fn new(messages: impl IntoIterator<Item = Message>) -> Self {
        Self { messages: messages.into_iter().collect(), ..Self::default() }
    }

    /// Creates a request with a single user message.
    pub fn prompt(text: impl Into<String>) -> Self {
        Self::new([Message::user(text)])
    }

    /// Sets the system prompt. An empty text removes it.
    #[must_use]
    pub fn system(mut self, text: impl Into<String>) -> Self {
        self.options.system = Some(text.into()).filter(|text| !text.is_empty());
        self
    }

    /// Limits the answer to this many tokens. A longer one ends with
    /// [`Reason::Limit`](crate::Reason::Limit).
    #[must_use]
    pub fn max_tokens(mut self, most: u32) -> Self {
        self.options.max_tokens = Some(most);
        self
    }

    /// Sets the sampling temperature.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.options.temperature = Some(temperature);
        self
    }

    /// Requests an answer that fits a JSON schema.
    ///
    /// Ignored by a model whose [`accepts_schema`](Model::accepts_schema) returns `false` for it.
    #[must_use]
    pub fn schema(mut self, schema: ResponseSchema) -> Self {
        self.options.schema = Some(schema);
        self
    }

    /// Adds a tool that the program runs itself.
    #[must_use]
    pub fn tool(mut self, tool: ToolDefinition) -> Self {
        self.options.tools.push(tool);
        self
    }

    /// Adds tools. [`Tools::run`] runs the calls of the answer.
    #[must_use]
    pub fn tools(mut self, tools: &Tools<'_>) -> Self {
        self.options.tools.extend(tools.definitions().cloned());
        self
    }

    /// Sets whether the model has to call a tool. Ignored in a request without tools.
    #[must_use]
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.options.tool_choice = Some(choice);
        self
    }

    /// Sets the runtime that times the answer: `.runtime(cx.runtime())` in an action. A runtime that
    /// was set on the model has precedence. Defaults to
    /// [`TokioRuntime`](burdock::runtime::TokioRuntime).
    #[must_use]
    pub fn runtime(mut self, runtime: &Arc<dyn Runtime>) -> Self {
        self.clock = Clock::of(runtime);
        self
    }

    /// Returns the runtime that times the answer, for your own implementation of [`Model`]: use it for
    /// timers, and pass it to [`Answer::runtime`](crate::Chunks::runtime).
    ///
    /// ```
    /// # use burdock_llm::{Answer, Model, Request};
    /// # use futures::FutureExt;
    /// # use std::{sync::Arc, time::Duration};
    /// /// Answers after a second, by the clock of the request.
    /// #[derive(Debug)]
    /// struct Slow<M>(Arc<M>);
    ///
    /// impl<M: Model> Model for Slow<M> {
    ///     fn chat(&self, request: Request) -> Answer {
    ///         let (model, runtime) = (Arc::clone(&self.0), request.runtime_or_default());
    ///         let delay = Arc::clone(&runtime);
    ///         let answer = async move {
    ///             delay.sleep(Duration::from_secs(1)).await;
    ///             model.chat(request)
    ///         };
    ///         Answer::new(answer.flatten_stream()).runtime(&runtime)
    ///     }
    /// }
    /// # use burdock_llm::{Script, Scripted};
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), burdock_llm::ModelError> {
    /// # let llm = Slow(Arc::new(Scripted::new([Script::new().say("Hello")])));
    /// # let start = tokio::time::Instant::now();
    /// # assert_eq!(llm.chat(Request::prompt("hi")).whole().await?.text, "Hello");
    /// # assert_eq!(start.elapsed(), Duration::from_secs(1));
    /// # Ok(()) }
    /// ```
    pub fn runtime_or_default(&self) -> Arc<dyn Runtime> {
        self.clock.runtime()
    }
}

impl PartialEq for Request {
    fn eq(&self, other: &Self) -> bool {
        (&self.messages, &self.options) == (&other.messages, &other.options)
    }
}

/// Options for an answer. Options that are not set are up to the model.
///
/// Fields are added in minor versions: end a literal with `..Options::default()`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// The system prompt.
    pub system: Option<String>,
    /// The maximum length of the answer, in tokens.
    pub max_tokens: Option<u32>,
    /// The sampling temperature.
    pub temperature: Option<f64>,
    /// Texts at which the model ends its answer.
    pub stop_sequences: Vec<String>,
    /// The functions that the model may call.
    pub tools: Vec<ToolDefinition>,
    /// Whether the model has to call one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
    /// The schema that the answer must fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<ResponseSchema>,
}

/// Whether a model has to call a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    /// The model decides.
    Auto,
    /// It must not call one.
    None,
    /// It must call at least one.
    Required,
    /// It must call the one of this name.
    Tool(String),
}

/// The JSON schema of an answer, for models with structured output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResponseSchema {
    /// The name: ASCII letters, digits, `_` and `-`.
    pub name: String,
    /// The schema, whose root is an object.
    pub schema: serde_json::Value,
}

impl ResponseSchema {
    /// Creates a named schema. Characters that providers do not allow in a name are replaced by `_`.
    pub fn new(name: &str, schema: serde_json::Value) -> Self {
        let allowed = |sign: char| sign.is_ascii_alphanumeric() || sign == '-';
        let name = name.chars().take(64).map(|sign| if allowed(sign) { sign } else { '_' });
        Self { name: name.collect(), schema }
    }
}
