//! [`Runtime`] over tokio.

use super::{Runtime, Sleep};
use std::{
    hash::{BuildHasher, RandomState},
    sync::LazyLock,
    time::Duration,
};
use tokio::time::Instant;

/// The [`Runtime`] of an app that is polled by tokio.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioRuntime;

/// tokio's own instant, so that a paused clock agrees with what was slept.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Runtime for TokioRuntime {
    fn now(&self) -> Duration {
        START.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }

    fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>) {
        tokio::task::spawn_blocking(job);
    }

    fn random(&self) -> u64 {
        RandomState::new().hash_one(())
    }
}
