//! Time and randomness, from the runtime of the model, that of the app, or burdock's default.

use crate::Usage;
use burdock::{
    Runtime,
    runtime::{Sleep, TokioRuntime},
};
use std::{fmt, sync::Arc, time::Duration};

/// The runtime that times a model or an answer, if one was set. Otherwise [`TokioRuntime`]: tokio's
/// clock (paused or not) inside a tokio runtime, and a thread that wakes tasks under any other
/// executor.
#[derive(Clone, Default)]
pub(crate) struct Clock(Option<Arc<dyn Runtime>>);

impl Clock {
    pub(crate) fn new(runtime: impl Runtime) -> Self {
        Self(Some(Arc::new(runtime)))
    }

    /// Returns the clock of an app.
    pub(crate) fn of(runtime: &Arc<dyn Runtime>) -> Self {
        Self(Some(Arc::clone(runtime)))
    }

    /// Returns this clock if it has a runtime, and otherwise the other one.
    pub(crate) fn or(&self, other: &Self) -> Self {
        if self.0.is_some() { self.clone() } else { other.clone() }
    }

    pub(crate) fn runtime(&self) -> Arc<dyn Runtime> {
        self.0.clone().unwrap_or_else(|| Arc::new(TokioRuntime))
    }

    pub(crate) fn now(&self) -> Duration {
        self.get().now()
    }

    /// Returns the time since 1970.
    #[cfg(feature = "genai")]
    pub(crate) fn wall(&self) -> Duration {
        self.get().wall()
    }

    pub(crate) fn sleep(&self, duration: Duration) -> Sleep {
        self.get().sleep(duration)
    }

    /// Returns a number in `0.0..1.0`, for the jitter of retries.
    pub(crate) fn fraction(&self) -> f64 {
        let bits = u32::try_from(self.get().random() >> 32).unwrap_or_default();
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }

    pub(crate) fn stopwatch(&self) -> Stopwatch {
        Stopwatch { clock: self.clone(), started: self.now(), first: None }
    }

    fn get(&self) -> &dyn Runtime {
        self.0.as_deref().unwrap_or(&TokioRuntime)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Clock(set)" } else { "Clock(default)" })
    }
}

/// Returns a random number that does not depend on the model's runtime, which may be predictable.
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
    /// Notes that text has arrived.
    pub(crate) fn delta(&mut self) {
        if self.first.is_none() {
            self.first = Some(self.elapsed());
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.now().saturating_sub(self.started)
    }

    /// Returns whether text has arrived.
    #[cfg(feature = "genai")]
    pub(crate) fn has_text(&self) -> bool {
        self.first.is_some()
    }

    /// Sets the time to the first delta if the model did not send it.
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
    use crate::{
        Answer, Chunk, End, Model, ModelError, Offline, Reason, Request, Retrying, Script, Scripted,
    };
    use futures::{StreamExt, executor::block_on, stream};
    use std::sync::Mutex;

    const SECOND: Duration = Duration::from_secs(1);

    /// A clock that only its sleeps advance. It lists them.
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
    fn models_wait_by_the_runtime_that_was_set() -> Result<(), ModelError> {
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

    fn manual() -> (Manual, Arc<dyn Runtime>) {
        let time = Manual::default();
        (time.clone(), Arc::new(time))
    }

    fn slow() -> Script {
        Script::new().wait(SECOND).say("ab").wait(2 * SECOND).say("cd")
    }

    /// Requests an answer that takes three seconds by the runtime, and checks the measured durations.
    fn check(ask: impl Fn() -> Answer) {
        let first = |end: End| end.usage.first_delta;
        let mut seen = Vec::new();
        let answer = ask().on_progress(|progress| seen.push(progress.elapsed));
        block_on(answer.count());
        assert_eq!(seen, [0, 2, 2].map(Duration::from_secs));

        let limited = block_on(ask().at_most(3).whole());
        assert!(limited.is_ok_and(
            |whole| first(whole.end) == Some(SECOND) && whole.end.reason == Reason::Limit
        ));

        let (deltas, transcript) = ask().transcribe();
        block_on(deltas.take(1).count());
        assert_eq!(first(transcript.end()), Some(SECOND));

        let trace = crate::traced::Trace::default();
        let watching = trace.watch();
        block_on(ask().recorded().take(1).count());
        drop(watching);
        assert!(trace.text().contains("time_to_first_chunk=1.0"), "{}", trace.text());

        let mut polls = 0;
        let stop = std::future::poll_fn(|cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            if polls > 1 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        });
        let stopped = block_on(ask().until(stop).whole());
        assert!(stopped.is_ok_and(
            |whole| first(whole.end) == Some(SECOND) && whole.end.reason == Reason::Cancelled
        ));

        let script = block_on(Script::record(ask()));
        let waits: Vec<_> = script.beats().iter().map(|beat| beat.wait).collect();
        assert_eq!(waits, [SECOND, 2 * SECOND]);
    }

    #[test]
    fn measured_durations_follow_the_runtime_exactly() {
        // set on the model
        check(|| Scripted::new([slow()]).runtime(Manual::default()).chat(Request::prompt("hi")));
        // set on the request, as an action does with the runtime of the app
        check(|| Scripted::new([slow()]).chat(Request::prompt("hi").runtime(&manual().1)));
        // set on a model that wraps the model
        check(|| {
            let model = Retrying::new(Scripted::new([slow()])).runtime(Manual::default());
            model.chat(Request::prompt("hi"))
        });
        // set on the answer
        check(|| {
            let (time, runtime) = manual();
            let items = [(1, "ab"), (2, "cd")].map(|(wait, text)| (wait * SECOND, text.to_owned()));
            let deltas = stream::iter(items).then(move |(wait, text)| {
                let wait = time.sleep(wait);
                async move {
                    wait.await;
                    Ok(Chunk::Delta(text))
                }
            });
            let end = Ok(Chunk::End(End::because(Reason::Complete)));
            Answer::new(deltas.chain(stream::iter([end]))).runtime(&runtime)
        });
    }

    #[test]
    fn adapters_wait_by_the_runtime_of_the_model_then_by_that_of_the_request() {
        let ((own, _), (app, runtime)) = (manual(), manual());
        let request = Request::prompt("hi").runtime(&runtime);
        let limited = |answer: Answer| block_on(answer.rate_limit(7 * SECOND).count());
        let script = Script::new().say("a").say("b");
        limited(Scripted::new([script.clone()]).runtime(own.clone()).chat(request.clone()));
        assert!(own.slept().contains(&(7 * SECOND)));
        assert!(app.slept().is_empty());
        limited(Scripted::new([script]).chat(request.clone()));
        assert!(app.slept().contains(&(7 * SECOND)));

        // a model that wraps another one waits by the runtime of the inner one
        let provider = Scripted::new([Script::new().refuse(503), Script::new()]);
        let model = Retrying::new(provider.runtime(own.clone())).first_wait(11 * SECOND);
        let before = app.slept();
        block_on(model.chat(request).count());
        assert!(own.slept().contains(&(11 * SECOND)));
        assert_eq!(app.slept(), before);
    }
}
