//! Sources of time, sleep, threads and randomness.

#[cfg(feature = "tokio")]
mod alarm;
mod slice;
#[cfg(feature = "tokio")]
mod tokio;

#[cfg(feature = "tokio")]
pub use self::tokio::TokioRuntime;

pub(crate) use self::slice::TimeSlice;

use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The future of [`Runtime::sleep`].
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The source of an app's time, sleep, threads and randomness. A custom one makes tests deterministic.
///
/// The feature `tokio` provides [`TokioRuntime`], which apps use by default.
///
/// ```
/// # use burdock::{Context, ensure, prelude::*};
/// # use serde::{Deserialize, Serialize};
/// use burdock::{Retry, Runtime, runtime::Sleep};
/// use std::{future::ready, sync::Mutex, time::Duration};
///
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Bill { cups: u32 }
/// # #[action(state = Bill, writes(cups))]
/// # async fn brew(#[context] cx: &Context) -> Result<Writes> {
/// #     ensure!(cx.attempt() == 2, "the machine is cold");
/// #     Ok(Writes { cups: 1 })
/// # }
/// # graph! {
/// #     Cafe(Bill) {
/// #         nodes { #[retry(Retry::times(1).first(Duration::from_secs(60)))] brew }
/// #         start brew;
/// #         brew -> pause;
/// #     }
/// # }
/// /// Sleeps take no time, but advance the clock.
/// #[derive(Default)]
/// struct TestTime(Mutex<Duration>);
///
/// impl Runtime for TestTime {
///     fn now(&self) -> Duration {
///         *self.0.lock().unwrap()
///     }
///     fn sleep(&self, duration: Duration) -> Sleep {
///         *self.0.lock().unwrap() += duration;
///         Box::pin(ready(()))
///     }
///     fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>) {
///         std::thread::spawn(job);
///     }
///     fn random(&self) -> u64 {
///         7
///     }
/// }
///
/// # futures::executor::block_on(async {
/// let time = std::sync::Arc::new(TestTime::default());
/// let mut app = Cafe::app().runtime(std::sync::Arc::clone(&time)).build().await?;
/// app.run(CafeInputs {}).await?; // retries after a minute
/// assert_eq!(time.now(), Duration::from_secs(60));
/// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub trait Runtime: Send + Sync + 'static {
    /// Returns the time since some fixed moment. It is monotonic.
    ///
    /// The wakers of actions under a `#[timeout]` also call it, so a timer must not wake tasks while it holds a
    /// lock that `now` takes.
    fn now(&self) -> Duration;

    /// Returns the time since the Unix epoch by the system clock, which may jump. It is used for the entries of
    /// a log.
    fn wall(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    /// Returns a future that completes after `duration`.
    fn sleep(&self, duration: Duration) -> Sleep;

    /// Runs `job` on a thread that may block. The job must either run or be dropped; it catches panics itself.
    ///
    /// Dropping it before it starts fails the step with a retryable error.
    fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>);

    /// Returns a random number, for the jitter of retries and the ids of sessions.
    fn random(&self) -> u64;
}

impl<R: Runtime + ?Sized> Runtime for Arc<R> {
    fn now(&self) -> Duration {
        (**self).now()
    }

    fn wall(&self) -> Duration {
        (**self).wall()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        (**self).sleep(duration)
    }

    fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>) {
        (**self).spawn_blocking(job);
    }

    fn random(&self) -> u64 {
        (**self).random()
    }
}

/// Returns the default runtime of an app; `None` without the feature `tokio`.
#[cfg(feature = "tokio")]
#[expect(clippy::unnecessary_wraps, reason = "there is none without tokio")]
pub(crate) fn default_runtime() -> Option<Arc<dyn Runtime>> {
    Some(Arc::new(TokioRuntime))
}

/// Returns `None`: the feature `tokio` is off.
#[cfg(not(feature = "tokio"))]
pub(crate) fn default_runtime() -> Option<Arc<dyn Runtime>> {
    None
}
