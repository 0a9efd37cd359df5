//! A node's `#[timeout]` and `#[retry]`.

use crate::runtime::Runtime;
use backon::{BackoffBuilder, ExponentialBuilder};
use std::time::Duration;

/// What a node says about its attempts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// How long an attempt may take.
    pub timeout: Option<Duration>,
    /// Whether and when another one follows.
    pub retry: Option<Retry>,
}

/// When a step is tried again: `#[retry(3)]`, or `#[retry(Retry::times(3).first(…))]`.
///
/// Retryable errors and timeouts are tried again; an action that streams only until its first
/// item is out. The waits grow exponentially (by the crate `backon`).
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    backoff: ExponentialBuilder,
    jitter: bool,
}

impl Retry {
    /// So many attempts after the first one, 1 s, 2 s, 4 s … apart, at most a minute.
    pub fn times(times: usize) -> Self {
        Self { backoff: ExponentialBuilder::new().with_max_times(times), jitter: false }
    }

    /// Waits so long before the second attempt.
    #[must_use]
    pub fn first(self, wait: Duration) -> Self {
        Self { backoff: self.backoff.with_min_delay(wait), ..self }
    }

    /// Multiplies each wait by this, 2 unless said otherwise; at least 1.
    #[must_use]
    pub fn factor(self, factor: f32) -> Self {
        Self { backoff: self.backoff.with_factor(factor), ..self }
    }

    /// Waits no longer than this, a minute unless said otherwise.
    #[must_use]
    pub fn at_most(self, wait: Duration) -> Self {
        Self { backoff: self.backoff.with_max_delay(wait), ..self }
    }

    /// Adds a random part to each wait, from the app's [`Runtime`].
    #[must_use]
    pub fn jitter(self) -> Self {
        Self { jitter: true, ..self }
    }

    pub(super) fn waits(
        self,
        runtime: &dyn Runtime,
    ) -> impl Iterator<Item = Duration> + Send + use<> {
        let backoff = if self.jitter {
            self.backoff.with_jitter().with_jitter_seed(runtime.random())
        } else {
            self.backoff
        };
        backoff.build()
    }
}

impl From<usize> for Retry {
    fn from(times: usize) -> Self {
        Self::times(times)
    }
}
