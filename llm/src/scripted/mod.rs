//! A model for tests that follows scripts.
//!
//! Delays use a [`Runtime`]: by default under tokio's paused clock (`start_paused = true`) they take no
//! time, and [`Scripted::runtime`] sets another runtime. A [`Script`] is written by hand, or recorded
//! from a real answer with [`Script::record`] and stored as JSON.

mod fault;
mod script;
#[cfg(test)]
mod tests;

pub use self::{
    fault::Fault,
    script::{Beat, Script},
};

use crate::{Answer, Model, ModelError, Request, ResponseSchema, clock::Clock};
use burdock::Runtime;
use futures_util::{FutureExt, stream};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A model that answers each request with the next script, and repeats the last one; or with a script that depends on the
/// request: see [`by`](Self::by) and [`when`](Self::when).
///
/// Clones share the scripts and the recorded requests.
///
/// ```
/// use burdock_llm::{Model, Request, Script, Scripted};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), burdock_llm::ModelError> {
/// let model = Scripted::new([
///     Script::new().refuse(429),
///     Script::new().say("Hel").wait(Duration::from_secs(2)).say("lo").cut(),
/// ]);
/// assert!(model.chat(Request::prompt("first")).whole().await.is_err());
/// let whole = model.chat(Request::prompt("second")).whole().await?;
/// assert_eq!(whole.text, "Hello");
/// assert_eq!(whole.end.reason, burdock_llm::Reason::Truncated);
/// assert_eq!(model.requests().len(), 2);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Scripted {
    /// Scripts for requests whose last message contains a text.
    matching: Vec<(String, Script)>,
    others: Scripts,
    schemas: Schemas,
    received: Arc<Mutex<Received>>,
    clock: Clock,
}

/// The scripts of requests that no text matches.
#[derive(Clone)]
enum Scripts {
    InOrder(Arc<[Script]>),
    By(Arc<dyn Fn(&Request) -> Script + Send + Sync>),
}

impl fmt::Debug for Scripts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InOrder(scripts) => f.debug_list().entries(scripts.iter()).finish(),
            Self::By(_) => f.write_str("a function"),
        }
    }
}

/// The requests so far.
#[derive(Debug, Default)]
struct Received {
    requests: Vec<Request>,
    /// The number of requests that were answered in order.
    in_order: usize,
}

/// The handling of schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Schemas {
    Ignored,
    Accepted,
}

impl Scripted {
    /// Creates a model that follows these scripts.
    pub fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::of(Scripts::InOrder(scripts.into_iter().collect()))
    }

    /// Creates a model whose scripts depend on the request. A server, parallel branches and tests that share a model can
    /// use it, because the order of requests does not matter.
    ///
    /// ```
    /// use burdock_llm::{Model, Request, Script, Scripted};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), burdock_llm::ModelError> {
    /// let llm = Scripted::by(|request| {
    ///     let last = request.messages.last().map_or("", |message| &message.text);
    ///     Script::new().say(format!("{} messages, the last is {last:?}", request.messages.len()))
    /// });
    /// let whole = llm.chat(Request::prompt("hi")).whole().await?;
    /// assert_eq!(whole.text, r#"1 messages, the last is "hi""#);
    /// # Ok(()) }
    /// ```
    pub fn by(script: impl Fn(&Request) -> Script + Send + Sync + 'static) -> Self {
        Self::of(Scripts::By(Arc::new(script)))
    }

    /// Answers each request whose last message contains `part` with this script. The first part that matches counts; the
    /// other requests are answered as before.
    ///
    /// ```
    /// use burdock_llm::{Message, Model, Request, Script, Scripted, ToolCall};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), burdock_llm::ModelError> {
    /// let call = ToolCall::new("1", "find_orders", serde_json::json!({}));
    /// let llm = Scripted::new([Script::new().say("How can I help?")])
    ///     .when("orders", Script::new().call(call.clone()))
    ///     .when("17", Script::new().say("You have one order."));
    ///
    /// let mut request = Request::prompt("Which orders do I have?");
    /// let whole = llm.chat(request.clone()).whole().await?;
    /// assert_eq!(whole.tool_calls, [call.clone()]);
    ///
    /// request.messages.extend([whole.into(), Message::tool(&call, "[17]")]);
    /// assert_eq!(llm.chat(request).whole().await?.text, "You have one order.");
    /// assert_eq!(llm.chat(Request::prompt("Hello")).whole().await?.text, "How can I help?");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn when(mut self, part: impl Into<String>, script: Script) -> Self {
        self.matching.push((part.into(), script));
        self
    }

    fn of(others: Scripts) -> Self {
        let (matching, clock) = (Vec::new(), Clock::default());
        Self { matching, others, schemas: Schemas::Ignored, received: Arc::default(), clock }
    }

    /// Accepts schemas, like a model with structured output: requests contain them in
    /// [`Options::schema`](crate::Options::schema), and not in their text. The scripts are not
    /// affected.
    #[must_use]
    pub fn accepting_schemas(mut self) -> Self {
        self.schemas = Schemas::Accepted;
        self
    }

    /// Sets the runtime that times the beats of a script, and the answer. Defaults to that of the
    /// request.
    #[must_use]
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.clock = Clock::new(runtime);
        self
    }

    /// Returns the requests whose answers were polled.
    ///
    /// ```
    /// use burdock_llm::{Model, Request, Script, Scripted};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let llm = Scripted::new([Script::new().say("Hello!")]);
    /// drop(llm.chat(Request::prompt("never polled")));
    /// llm.chat(Request::prompt("I am Ada").system("Be brief.")).whole().await?;
    /// assert_eq!(llm.requests(), [Request::prompt("I am Ada").system("Be brief.")]);
    /// # Ok(()) }
    /// ```
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    /// Returns the answer to the next request.
    fn answer(&self, request: Request, clock: &Clock) -> Answer {
        let last = request.messages.last().map_or("", |message| &*message.text);
        let matching = self.matching.iter().find(|(part, _)| last.contains(part));
        let script = match (matching, &self.others) {
            (Some((_, script)), _) => Some(script.clone()),
            // without the lock, which the function may take through a clone of the model
            (None, Scripts::By(script)) => Some(script(&request)),
            (None, Scripts::InOrder(scripts)) => {
                let mut received = self.lock();
                received.in_order += 1;
                scripts.get(received.in_order - 1).or(scripts.last()).cloned()
            }
        };
        self.lock().requests.push(request);
        match script {
            Some(script) => script.play(clock),
            None => Answer::new(stream::iter([Err(ModelError::Request {
                reason: "there is no script".to_owned(),
            })])),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Model for Scripted {
    fn chat(&self, request: Request) -> Answer {
        let (this, clock) = (self.clone(), self.clock.or(&request.clock));
        // an answer that is never polled does not count as a request
        let timer = clock.clone();
        Answer::timed(async move { this.answer(request, &timer) }.flatten_stream(), clock)
    }

    fn accepts_schema(&self, _: &ResponseSchema) -> bool {
        self.schemas == Schemas::Accepted
    }
}
