//! Time, as burdock's own runtime has it: tokio's clock where there is one, paused or not, and a
//! thread that wakes under any other executor.

use crate::Usage;
use burdock::{
    Runtime,
    runtime::{Sleep, TokioRuntime},
};
use std::time::Duration;

pub(crate) fn now() -> Duration {
    TokioRuntime.now()
}

pub(crate) fn sleep(duration: Duration) -> Sleep {
    TokioRuntime.sleep(duration)
}

/// A number below one, for the jitter of retries.
pub(crate) fn fraction() -> f64 {
    let bits = u32::try_from(TokioRuntime.random() >> 32).unwrap_or_default();
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

/// A random number.
#[cfg(feature = "genai")]
pub(crate) fn random() -> u64 {
    TokioRuntime.random()
}

/// Measures the time to the first delta.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch {
    started: Duration,
    first: Option<Duration>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { started: now(), first: None }
    }

    /// There is text.
    pub(crate) fn delta(&mut self) {
        if self.first.is_none() {
            self.first = Some(self.elapsed());
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        now().saturating_sub(self.started)
    }

    /// Whether there was text.
    #[cfg(feature = "genai")]
    pub(crate) fn has_begun(&self) -> bool {
        self.first.is_some()
    }

    /// Adds the time to the first delta where nobody has said it.
    pub(crate) fn complete(&self, usage: &mut Usage) {
        usage.first_delta = usage.first_delta.or(self.first);
    }

    pub(crate) fn usage(&self, input_tokens: Option<u64>, output_tokens: Option<u64>) -> Usage {
        Usage { input_tokens, output_tokens, first_delta: self.first }
    }
}
