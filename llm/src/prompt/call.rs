//! Prompts, and calls of a model.

use super::{PromptError, PromptStream, Response, answer_type::Kind, request::Question};
use crate::{Answer, Message, Model, Options, Request, ResponseSchema, clock::Clock};
use burdock::Runtime;
use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// The default limit on the length of an answer, in bytes.
const AT_MOST: usize = 8 << 20;

/// A prompt with its arguments, as returned by a function with [`#[prompt]`](macro@crate::prompt).
///
/// Nothing is sent until the [`Call`] that [`on`](Self::on) returns is awaited or streamed.
///
/// ```
/// use burdock_llm::{Message, Script, Scripted, prompt};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// /// List tags for: {text}
/// #[prompt]
/// async fn tags(text: &str) -> Vec<String>;
///
/// let llm = Scripted::new([Script::new().say("Sure!"), Script::new().say(r#"["rust"]"#)]);
/// let history = [Message::user("I write about Rust."), Message::assistant("Great.")];
/// let prompt = tags("Traits").system("Be brief.").messages(history).retries(1);
/// assert_eq!(prompt.on(&llm).await?, ["rust"]);
/// assert_eq!(llm.requests()[1].messages.len(), 5); // with the invalid answer and the correction
/// # Ok(()) }
/// ```
#[must_use = "a prompt is sent with `.on(&model)`"]
pub struct Prompt<T> {
    pub(super) kind: Kind<T>,
    pub(super) question: Result<Question, PromptError>,
    pub(super) policy: Policy,
}

/// Limits on retries and on the length of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) retries: u32,
    pub(super) after_shown: AfterShown,
    pub(super) at_most: usize,
}

/// Whether a mismatch may be retried after a change was yielded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterShown {
    Fail,
    Reset,
}

impl<T> Prompt<T> {
    #[doc(hidden)]
    pub fn __new(name: &'static str, kind: Kind<T>, text: Result<String, PromptError>) -> Self {
        let question = text.map(|text| Question { name, text, ..Question::default() });
        let policy = Policy { retries: 0, after_shown: AfterShown::Fail, at_most: AT_MOST };
        Self { kind, question, policy }
    }

    #[doc(hidden)]
    pub fn __system(self, text: Result<String, PromptError>) -> Self {
        match text {
            Ok(text) => self.system(text),
            Err(error) => Self { question: self.question.and(Err(error)), ..self },
        }
    }

    /// Sets the system prompt. An empty text removes it.
    pub fn system(self, text: impl Into<String>) -> Self {
        let text = Some(text.into()).filter(|text| !text.is_empty());
        self.with(|question| question.options.system = text)
    }

    /// Replaces all options, including the system prompt. A schema in them is ignored.
    pub fn options(self, options: Options) -> Self {
        self.with(|question| question.options = options)
    }

    /// Limits the answer to this many tokens. A longer answer is an error, unless its value is already
    /// complete.
    pub fn max_tokens(self, most: u32) -> Self {
        self.with(|question| question.options.max_tokens = Some(most))
    }

    /// Sets the sampling temperature.
    pub fn temperature(self, temperature: f64) -> Self {
        self.with(|question| question.options.temperature = Some(temperature))
    }

    /// Sets the messages before the prompt, oldest first.
    pub fn messages(self, history: impl IntoIterator<Item = Message>) -> Self {
        self.with(|question| question.history = history.into_iter().collect())
    }

    /// Sets how many times the prompt is retried after an answer that does not fit. Defaults to 0.
    ///
    /// A retry sends the model its answer and the mismatch. A call that is awaited shows nothing, so it
    /// can always be retried; a stream is not retried once it has yielded a change, unless it is
    /// [`resetting`](Self::resetting). Errors of the model are not retried here; use
    /// [`Retrying`](crate::Retrying).
    pub fn retries(mut self, most: u32) -> Self {
        self.policy.retries = most;
        self
    }

    /// Allows a stream to be retried after it has yielded changes. The first change of the next attempt
    /// sets the root of the value, which replaces the old value in every consumer.
    pub fn resetting(mut self) -> Self {
        self.policy.after_shown = AfterShown::Reset;
        self
    }

    /// Limits the length of an answer, in bytes of text. Defaults to 8 MiB. A longer answer is
    /// [`PromptError::TooLong`], unless its value is already complete.
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.policy.at_most = bytes;
        self
    }

    /// Returns a call of this model, which can be awaited or streamed.
    ///
    /// Accepts any `&impl Model`, including a `&dyn Model` or the `&Arc<dyn Model>` of an app.
    pub fn on<M: Model + ?Sized>(self, model: &M) -> Call<'_, T> {
        Call { prompt: self, model: Box::new(model), stop: None, clock: Clock::default() }
    }

    fn with(mut self, change: impl FnOnce(&mut Question)) -> Self {
        if let Ok(question) = &mut self.question {
            change(question);
        }
        self
    }
}

impl<T> fmt::Debug for Prompt<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt")
            .field("question", &self.question)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// A prompt for one model: a future of the whole value, or a [stream](Self::stream) of its changes.
#[must_use = "nothing is sent before the call is awaited or streamed"]
pub struct Call<'m, T> {
    pub(super) prompt: Prompt<T>,
    pub(super) model: Box<dyn BorrowedModel + 'm>,
    pub(super) stop: Option<Stop<'m>>,
    pub(super) clock: Clock,
}

/// A future that ends a call early.
pub(super) type Stop<'m> = Pin<Box<dyn Future<Output = ()> + Send + 'm>>;

impl<'m, T> Call<'m, T> {
    /// Ends the answer when `stop` completes, which closes the connection. The result is
    /// [`PromptError::Incomplete`] with [`Reason::Cancelled`](crate::Reason::Cancelled), unless the
    /// value is already complete.
    ///
    /// ```
    /// use burdock_llm::{PromptError, Reason, Script, Scripted, prompt};
    /// use std::time::Duration;
    ///
    /// # /// Greet {name}.
    /// # #[prompt]
    /// # async fn greet(name: &str) -> String;
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let llm = Scripted::new([Script::new().say("Hel").silence()]);
    /// let stop = tokio::time::sleep(Duration::from_secs(1));
    /// let error = greet("Ada").on(&llm).until(stop).await.unwrap_err();
    /// let reason = Reason::Cancelled;
    /// assert_eq!(error, PromptError::Incomplete { reason, text: "Hel".into() });
    /// # Ok(()) }
    /// ```
    pub fn until(mut self, stop: impl Future<Output = ()> + Send + 'm) -> Self {
        self.stop = Some(Box::pin(stop));
        self
    }

    /// Sets the runtime that times the answer: `.runtime(cx.runtime())` in an action. A runtime that
    /// was set on the model has precedence. Defaults to
    /// [`TokioRuntime`](burdock::runtime::TokioRuntime).
    pub fn runtime(mut self, runtime: &Arc<dyn Runtime>) -> Self {
        self.clock = Clock::of(runtime);
        self
    }

    /// Streams the answer.
    pub fn stream(self) -> PromptStream<'m, T> {
        PromptStream::new(self)
    }

    /// Returns a future of the value together with the [`Response`].
    pub fn with_response(self) -> WithResponse<'m, T> {
        WithResponse { answer: self.stream() }
    }
}

impl<'m, T> IntoFuture for Call<'m, T> {
    type Output = Result<T, PromptError>;
    type IntoFuture = Whole<'m, T>;

    /// Waits for the whole value.
    ///
    /// # Cancel safety
    /// Dropping the future drops the answer, which closes the connection.
    fn into_future(self) -> Whole<'m, T> {
        Whole(self.with_response())
    }
}

impl<T> fmt::Debug for Call<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("prompt", &self.prompt).finish_non_exhaustive()
    }
}

/// The future of a [`Call`].
#[derive(Debug)]
#[must_use = "nothing is sent before the call is awaited"]
pub struct Whole<'m, T>(WithResponse<'m, T>);

impl<T> Future for Whole<'_, T> {
    type Output = Result<T, PromptError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map_ok(|(value, _)| value)
    }
}

/// The future of [`Call::with_response`].
#[derive(Debug)]
#[must_use = "nothing is sent before the call is awaited"]
pub struct WithResponse<'m, T> {
    answer: PromptStream<'m, T>,
}

impl<T> Future for WithResponse<'_, T> {
    type Output = Result<(T, Response), PromptError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let value = ready!(self.answer.poll_whole(cx));
        Poll::Ready(value.map(|value| (value, self.answer.response().clone())))
    }
}

/// A borrowed model, sized or not, as an object-safe trait.
pub(super) trait BorrowedModel: Send + Sync {
    fn chat(&self, request: Request) -> Answer;
    fn accepts_schema(&self, schema: &ResponseSchema) -> bool;
}

impl<M: Model + ?Sized> BorrowedModel for &M {
    fn chat(&self, request: Request) -> Answer {
        Model::chat(*self, request)
    }

    fn accepts_schema(&self, schema: &ResponseSchema) -> bool {
        Model::accepts_schema(*self, schema)
    }
}
