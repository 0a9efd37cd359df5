//! Another attempt, as long as nothing was shown.

#[cfg(test)]
mod tests;

use crate::{
    Answer, Chunk, Model, ModelError, Request, ResponseSchema, answer::Item, clock::Clock,
};
use burdock::Runtime;
use futures_util::{FutureExt, StreamExt, stream};
use std::{sync::Arc, time::Duration};

/// A model that is asked again when it fails before the first piece of its answer.
///
/// Only errors that [`is_retryable`](ModelError::is_retryable) says are worth it are tried again, and
/// what a provider asks for by `retry-after` is waited for, without jitter. Once there was a piece,
/// every error is passed on: somebody may have read it.
///
/// ```
/// use burdock_llm::{Model, ModelError, Request, Retrying, Script, Scripted};
/// use std::time::Duration;
///
/// let provider = Scripted::new([Script::new().refuse(503), Script::new().say("hello")]);
/// let model = Retrying::new(provider).first_wait(Duration::from_millis(1));
/// # futures::executor::block_on(async {
/// assert_eq!(model.chat(Request::prompt("hi")).whole().await?.text, "hello");
/// # Ok::<_, ModelError>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Retrying<M> {
    model: Arc<M>,
    policy: Policy,
    clock: Clock,
}

#[derive(Clone, Copy, Debug)]
struct Policy {
    attempts: u32,
    first_wait: Duration,
    longest_wait: Duration,
}

impl<M: Model> Retrying<M> {
    /// Asks up to three times, and waits about half a second and then a second between.
    pub fn new(model: M) -> Self {
        let policy = Policy {
            attempts: 3,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
        };
        Self { model: Arc::new(model), policy, clock: Clock::default() }
    }

    /// How often to ask, at most; at least once.
    #[must_use]
    pub fn attempts(mut self, most: u32) -> Self {
        self.policy.attempts = most.max(1);
        self
    }

    /// How long to wait before the second attempt; each further one waits twice as long.
    #[must_use]
    pub fn first_wait(mut self, wait: Duration) -> Self {
        self.policy.first_wait = wait;
        self
    }

    /// How long to wait at most. A provider that asks for more is not asked again.
    #[must_use]
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.policy.longest_wait = wait;
        self
    }

    /// Sets the runtime that times the waits between attempts, their jitter, and a model inside that has
    /// no runtime of its own. Defaults to that of the model inside, then to that of the request.
    #[must_use]
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.clock = Clock::new(runtime);
        self
    }
}

impl<M: Model> Model for Retrying<M> {
    fn chat(&self, request: Request) -> Answer {
        let model = Arc::clone(&self.model);
        let request = Request { clock: self.clock.or(&request.clock), ..request };
        // it is not sent before it is polled, and knows the runtime of the model
        let first = model.chat(request.clone());
        let clock = self.clock.or(first.clock()).or(&request.clock);
        let answer = begin(model, self.policy, clock.clone(), first, request);
        Answer::timed(answer.flatten_stream(), clock)
    }

    fn accepts_schema(&self, schema: &ResponseSchema) -> bool {
        self.model.accepts_schema(schema)
    }
}

/// An answer that has begun, or whose error is for good.
async fn begin<M: Model>(
    model: Arc<M>,
    policy: Policy,
    clock: Clock,
    mut answer: Answer,
    request: Request,
) -> Answer {
    let mut attempt = 1;
    loop {
        let first = answer.next().await;
        let wait = match &first {
            Some(Err(error)) if attempt < policy.attempts => policy.wait(attempt, error, &clock),
            _ => None,
        };
        let Some(wait) = wait else { return put_back(first, answer) };
        drop(answer);
        if let Some(Err(error)) = first {
            tracing::warn!(%error, attempt = i64::from(attempt), ?wait, "the model is asked again");
        }
        clock.sleep(wait).await;
        answer = model.chat(request.clone());
        attempt += 1;
    }
}

fn put_back(first: Option<Item>, answer: Answer) -> Answer {
    match first {
        Some(Ok(Chunk::Delta(_) | Chunk::ToolCall(_))) => {
            Answer::new(stream::iter(first).chain(answer))
        }
        // nothing comes behind the last item
        last => Answer::new(stream::iter(last)),
    }
}

impl Policy {
    /// How long to wait after this attempt; `None` if there is no use in another one.
    fn wait(&self, attempt: u32, error: &ModelError, clock: &Clock) -> Option<Duration> {
        if !error.is_retryable() {
            return None;
        }
        if let Some(asked) = error.retry_after() {
            return (asked <= self.longest_wait).then_some(asked);
        }
        let doubled = 1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX);
        let wait = self.first_wait.saturating_mul(doubled).min(self.longest_wait);
        // so that many who failed together do not come back together
        Some(wait.mul_f64(1.0 - clock.fraction() / 2.0))
    }
}
