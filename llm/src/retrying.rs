//! Retries of requests that failed before the first chunk.

#[cfg(test)]
mod tests;

use crate::{
    Answer, Chunk, Model, ModelError, Request, ResponseSchema, answer::Item, clock::Clock,
};
use burdock::Runtime;
use futures_util::{FutureExt, StreamExt, stream};
use std::{sync::Arc, time::Duration};

/// A model that retries requests that fail before the first chunk of the answer.
///
/// Only [retryable](ModelError::is_retryable) errors are retried. A `retry-after` of the provider is
/// respected exactly, without jitter. After the first chunk, errors are passed on, because the chunk
/// may have been shown.
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
    /// Creates a model with at most three attempts, and delays of about half a second and one second
    /// between them.
    pub fn new(model: M) -> Self {
        let policy = Policy {
            attempts: 3,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
        };
        Self { model: Arc::new(model), policy, clock: Clock::default() }
    }

    /// Sets the maximum number of attempts; at least 1. Defaults to 3.
    #[must_use]
    pub fn attempts(mut self, most: u32) -> Self {
        self.policy.attempts = most.max(1);
        self
    }

    /// Sets the delay before the first retry. It doubles with each further one. Defaults to 0.5 s.
    #[must_use]
    pub fn first_wait(mut self, wait: Duration) -> Self {
        self.policy.first_wait = wait;
        self
    }

    /// Sets the maximum delay. If a provider asks for a longer one, the request is not retried. Defaults to
    /// 30 s.
    #[must_use]
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.policy.longest_wait = wait;
        self
    }

    /// Sets the runtime that times the delays between attempts, their jitter, and the wrapped model if
    /// it has no runtime of its own. Defaults to that of the wrapped model, then to that of the
    /// request.
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
        // not sent before it is polled; provides the runtime of the model
        let first = model.chat(request.clone());
        let clock = self.clock.or(first.clock()).or(&request.clock);
        let answer = start(model, self.policy, clock.clone(), first, request);
        Answer::timed(answer.flatten_stream(), clock)
    }

    fn accepts_schema(&self, schema: &ResponseSchema) -> bool {
        self.model.accepts_schema(schema)
    }
}

/// Sends the request until an answer starts or an error is final.
async fn start<M: Model>(
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
            tracing::warn!(%error, attempt = i64::from(attempt), ?wait, "retrying the request");
        }
        clock.sleep(wait).await;
        answer = model.chat(request.clone());
        attempt += 1;
    }
}

fn put_back(first: Option<Item>, answer: Answer) -> Answer {
    match first {
        Some(Ok(Chunk::Delta(_) | Chunk::ToolCallDelta(_) | Chunk::ToolCall(_))) => {
            Answer::new(stream::iter(first).chain(answer))
        }
        // no item follows the last one
        last => Answer::new(stream::iter(last)),
    }
}

impl Policy {
    /// Returns the delay after this attempt, or `None` if the request is not retried.
    fn wait(&self, attempt: u32, error: &ModelError, clock: &Clock) -> Option<Duration> {
        if !error.is_retryable() {
            return None;
        }
        if let Some(delay) = error.retry_after() {
            return (delay <= self.longest_wait).then_some(delay);
        }
        let doubled = 1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX);
        let wait = self.first_wait.saturating_mul(doubled).min(self.longest_wait);
        // so that clients that failed together do not retry together
        Some(wait.mul_f64(1.0 - clock.fraction() / 2.0))
    }
}
