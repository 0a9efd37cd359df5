//! What a model is, and what it is asked.

use crate::{Answer, Message, clock::Clock};
use burdock::Runtime;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// A language model, or what stands in for one.
///
/// It is a resource of a graph as `Arc<dyn Model>`, so that tests and programs bring the one they
/// like. A client of one's own keeps three promises:
///
/// - An answer is lazy: nothing is sent before its stream is polled.
/// - The last item is a [`Chunk::End`](crate::Chunk::End) or an error, and nothing comes after it.
/// - Dropping the stream ends the work, which for a provider means its connection.
///
/// ```
/// use burdock_llm::{Answer, Chunk, End, Model, Reason, Request, Usage};
/// use futures::{executor::block_on, stream};
///
/// /// Says back what it was told.
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
    note = "implement `burdock_llm::Model`, or take `Offline`, `Scripted` or `Provider`"
)]
pub trait Model: Send + Sync + fmt::Debug + 'static {
    /// Answers, piece by piece, once the stream is polled.
    fn chat(&self, request: Request) -> Answer;

    /// Returns whether the model makes its answers fit this schema when it is in
    /// [`Options::schema`].
    ///
    /// Defaults to no: a typed prompt then describes the schema in its text instead.
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

/// What a model is asked.
///
/// Requests are equal if their messages and options are.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// What was said so far, the latest last.
    pub messages: Vec<Message>,
    /// How to answer.
    pub options: Options,
    pub(crate) clock: Clock,
}

impl Request {
    /// Asks for the next message of a conversation.
    pub fn new(messages: impl IntoIterator<Item = Message>) -> Self {
        Self { messages: messages.into_iter().collect(), ..Self::default() }
    }

    /// Asks one question, without a history.
    pub fn prompt(text: impl Into<String>) -> Self {
        Self::new([Message::user(text)])
    }

    /// Tells the model what it is and how to answer; an empty text is none.
    #[must_use]
    pub fn system(mut self, text: impl Into<String>) -> Self {
        self.options.system = Some(text.into()).filter(|text| !text.is_empty());
        self
    }

    /// Ends the answer after so many tokens, with [`Reason::Limit`](crate::Reason::Limit).
    #[must_use]
    pub fn max_tokens(mut self, most: u32) -> Self {
        self.options.max_tokens = Some(most);
        self
    }

    /// Asks for more or less variety.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.options.temperature = Some(temperature);
        self
    }

    /// Asks for an answer that fits a JSON schema.
    ///
    /// A model whose [`accepts_schema`](Model::accepts_schema) is false for it ignores it.
    #[must_use]
    pub fn schema(mut self, schema: ResponseSchema) -> Self {
        self.options.schema = Some(schema);
        self
    }

    /// Offers one more tool.
    #[must_use]
    pub fn tool(mut self, tool: Tool) -> Self {
        self.options.tools.push(tool);
        self
    }

    /// Sets the runtime that times the answer: `.runtime(cx.runtime())` in an action. A model that was
    /// given one of its own uses that. Defaults to [`TokioRuntime`](burdock::runtime::TokioRuntime).
    #[must_use]
    pub fn runtime(mut self, runtime: &Arc<dyn Runtime>) -> Self {
        self.clock = Clock::of(runtime);
        self
    }

    /// Returns the runtime that times the answer, for a model of your own: it waits by this runtime, and
    /// passes it to [`Answer::runtime`](crate::Chunks::runtime).
    pub fn runtime_or_default(&self) -> Arc<dyn Runtime> {
        self.clock.runtime()
    }
}

impl PartialEq for Request {
    fn eq(&self, other: &Self) -> bool {
        (&self.messages, &self.options) == (&other.messages, &other.options)
    }
}

/// How to answer. What is not set is as the model likes it.
///
/// Fields are added in minor versions: end a literal with `..Options::default()`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// What the model is, and how it is to answer.
    pub system: Option<String>,
    /// How long the answer may become, in tokens.
    pub max_tokens: Option<u32>,
    /// How much variety there is.
    pub temperature: Option<f64>,
    /// Where the answer ends, if the model says one of them.
    pub stop_sequences: Vec<String>,
    /// What the model may call.
    pub tools: Vec<Tool>,
    /// What the answer has to fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<ResponseSchema>,
}

/// The JSON schema of an answer, for models with structured output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResponseSchema {
    /// A name for it: letters of ASCII, digits, `_` and `-`.
    pub name: String,
    /// The schema, whose root is an object.
    pub schema: serde_json::Value,
}

impl ResponseSchema {
    /// Names a schema. What providers do not allow in a name becomes `_`.
    pub fn new(name: &str, schema: serde_json::Value) -> Self {
        let allowed = |sign: char| sign.is_ascii_alphanumeric() || sign == '-';
        let name = name.chars().take(64).map(|sign| if allowed(sign) { sign } else { '_' });
        Self { name: name.collect(), schema }
    }
}

/// A function that a model may ask to be called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// Its arguments, as a JSON schema.
    pub schema: serde_json::Value,
}

impl Tool {
    /// Describes a function, with a JSON schema of its arguments.
    pub fn new(
        name: impl Into<String>,
        description: impl Into<String>,
        schema: serde_json::Value,
    ) -> Self {
        Self { name: name.into(), description: description.into(), schema }
    }
}
