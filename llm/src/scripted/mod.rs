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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A model that answers each request with the next script, and repeats the last one.
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
    scripts: Arc<[Script]>,
    schemas: Schemas,
    requests: Arc<Mutex<Vec<Request>>>,
    clock: Clock,
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
        let scripts = scripts.into_iter().collect();
        let clock = Clock::default();
        Self { scripts, schemas: Schemas::Ignored, requests: Arc::default(), clock }
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
        self.lock().clone()
    }

    /// Returns the answer to the next request.
    fn answer(&self, request: Request, clock: &Clock) -> Answer {
        let mut requests = self.lock();
        let index = requests.len();
        requests.push(request);
        match self.scripts.get(index).or(self.scripts.last()) {
            Some(script) => script.play(clock),
            None => Answer::new(stream::iter([Err(ModelError::Request {
                reason: "there is no script".to_owned(),
            })])),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Request>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
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
