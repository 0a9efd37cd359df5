//! Where time, sleep, threads and randomness come from.

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

/// A wait that a [`Runtime`] made.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Gives an app time, sleep, threads and randomness; one of its own makes tests deterministic.
///
/// The feature `tokio` brings [`TokioRuntime`], which an app uses unless another one is given.
pub trait Runtime: Send + Sync + 'static {
    /// The time since some fixed moment; it never goes back.
    ///
    /// It is also called by the wakers that actions under a `#[timeout]` are polled with, so a timer
    /// must not wake tasks while it holds a lock that `now` takes.
    fn now(&self) -> Duration;

    /// The time since 1970 by the machine's clock, which may jump; for the entries of a log.
    fn wall(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    /// A future that is ready after `duration`.
    fn sleep(&self, duration: Duration) -> Sleep;

    /// Runs `job` on a thread that may block. It must run or be dropped, and unwinding is caught.
    ///
    /// Dropping it before it began fails the step with an error that is tried again.
    fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>);

    /// A random number, for the jitter of retries and the ids of sessions.
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

/// Returns the runtime of an app that is given none; `None` without the feature `tokio`.
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
