//! Time and randomness: from the runtime that a model is given, or from burdock's default one.

use crate::Usage;
use burdock::{
    Context, Runtime,
    runtime::{Sleep, TokioRuntime},
};
use std::{fmt, sync::Arc, time::Duration};

/// The runtime of a model. Defaults to [`TokioRuntime`]: tokio's clock where there is one, paused or
/// not, and a thread that wakes under any other executor.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Runtime>);

impl Clock {
    pub(crate) fn new(runtime: impl Runtime) -> Self {
        Self(Arc::new(runtime))
    }

    pub(crate) fn now(&self) -> Duration {
        self.0.now()
    }

    pub(crate) fn sleep(&self, duration: Duration) -> Sleep {
        self.0.sleep(duration)
    }

    /// Returns a number below one, for the jitter of retries.
    pub(crate) fn fraction(&self) -> f64 {
        let bits = u32::try_from(self.0.random() >> 32).unwrap_or_default();
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }

    pub(crate) fn stopwatch(&self) -> Stopwatch {
        Stopwatch { clock: self.clone(), started: self.now(), first: None }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(TokioRuntime)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// The duration of a wait in an adapter of [`AnswerExt`](crate::AnswerExt), and what measures it.
///
/// A [`Duration`] converts into one that the default runtime measures. In an action,
/// [`Delay::of`] measures by the runtime of the app.
///
/// ```
/// use burdock::Context;
/// use burdock_llm::{Answer, AnswerExt, Chunks, Delay};
/// use std::time::Duration;
///
/// fn within_a_minute(answer: Answer, cx: &Context) -> Chunks<'static> {
///     answer.idle_timeout(Delay::of(cx, Duration::from_secs(60)))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Delay {
    duration: Duration,
    context: Option<Context>,
}

impl Delay {
    /// Measures `duration` by the [`Runtime`] of the app in which an action runs.
    pub fn of(context: &Context, duration: Duration) -> Self {
        Self { duration, context: Some(context.clone()) }
    }

    pub(crate) fn duration(&self) -> Duration {
        self.duration
    }

    /// Returns a future that is ready after the delay.
    pub(crate) fn sleep(&self) -> Sleep {
        match &self.context {
            Some(context) => context.sleep(self.duration),
            None => TokioRuntime.sleep(self.duration),
        }
    }
}

impl From<Duration> for Delay {
    fn from(duration: Duration) -> Self {
        Self { duration, context: None }
    }
}

/// Returns a random number, which a model's own runtime must not make predictable.
#[cfg(feature = "genai")]
pub(crate) fn random() -> u64 {
    TokioRuntime.random()
}

/// Measures the time to the first delta.
#[derive(Clone, Debug)]
pub(crate) struct Stopwatch {
    clock: Clock,
    started: Duration,
    first: Option<Duration>,
}

impl Stopwatch {
    /// Starts a stopwatch of the default runtime, for adapters.
    pub(crate) fn start() -> Self {
        Clock::default().stopwatch()
    }

    /// There is text.
    pub(crate) fn delta(&mut self) {
        if self.first.is_none() {
            self.first = Some(self.elapsed());
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.now().saturating_sub(self.started)
    }

    /// Returns whether there was text.
    #[cfg(feature = "genai")]
    pub(crate) fn has_begun(&self) -> bool {
        self.first.is_some()
    }

    /// Sets the time to the first delta unless the model sent it.
    pub(crate) fn complete(&self, usage: &mut Usage) {
        usage.first_delta = usage.first_delta.or(self.first);
    }

    pub(crate) fn usage(&self, input_tokens: Option<u64>, output_tokens: Option<u64>) -> Usage {
        Usage { input_tokens, output_tokens, first_delta: self.first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AnswerExt, Model, ModelError, Offline, Request, Retrying, Script, Scripted};
    use futures::executor::block_on;
    use std::sync::Mutex;

    const SECOND: Duration = Duration::from_secs(1);

    /// Time that moves only by the sleeps, which it lists.
    #[derive(Clone, Default)]
    struct Manual(Arc<Mutex<Vec<Duration>>>);

    impl Manual {
        fn slept(&self) -> Vec<Duration> {
            self.0.lock().map(|slept| slept.clone()).unwrap_or_default()
        }
    }

    impl Runtime for Manual {
        fn now(&self) -> Duration {
            self.slept().iter().sum()
        }

        fn sleep(&self, duration: Duration) -> Sleep {
            let slept = Arc::clone(&self.0);
            Box::pin(async move {
                if let Ok(mut slept) = slept.lock() {
                    slept.push(duration);
                }
            })
        }

        fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>) {
            job();
        }

        fn random(&self) -> u64 {
            0
        }
    }

    #[test]
    fn models_wait_on_the_runtime_that_they_are_given() -> Result<(), ModelError> {
        let time = Manual::default();
        let scripts = [Script::new().refuse(503), Script::new().wait(SECOND).say("hello")];
        let provider = Scripted::new(scripts).runtime(time.clone());
        let model = Retrying::new(provider).first_wait(3 * SECOND).runtime(time.clone());
        let whole = block_on(model.chat(Request::prompt("hi")).whole())?;
        assert_eq!(whole.end.usage.first_delta, Some(SECOND));
        // the end of the first script, the wait before the second, its beat and its end
        let none = Duration::ZERO;
        assert_eq!(time.slept(), [none, 3 * SECOND, SECOND, none]);

        let time = Manual::default();
        let model = Offline::default().runtime(time.clone());
        let whole = block_on(model.chat(Request::prompt("hi")).whole())?;
        assert_eq!(whole.end.usage.first_delta, time.slept().first().copied());
        Ok(())
    }
}
