//! A node's `#[timeout]` and `#[retry]`.

use crate::runtime::Runtime;
use backon::{BackoffBuilder, ExponentialBuilder};
use std::time::Duration;

/// The timeout and the retry policy of a node.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Policy {
    /// How long an attempt may take. Counts the time of the action itself, not that of its consumer or
    /// of the log.
    pub timeout: Option<Duration>,
    /// When a failed attempt is retried. `None` for never.
    pub retry: Option<Retry>,
}

impl Policy {
    /// Creates a policy.
    #[doc(hidden)]
    pub fn new(timeout: Option<Duration>, retry: Option<Retry>) -> Self {
        Self { timeout, retry }
    }
}

/// When a failed step is retried: `#[retry(3)]`, or `#[retry(Retry::times(3).first(…))]`.
///
/// Errors that are not terminal and timeouts are retried; panics are not. An attempt that has shown
/// items is retried only by a [`superseding`](Self::superseding) policy.
///
/// The delays grow exponentially (computed by the crate `backon`): the first one is
/// [`first`](Self::first), each later one is multiplied by [`factor`](Self::factor), and none is
/// longer than [`at_most`](Self::at_most).
///
/// ```
/// use burdock::{Context, Retry, ensure, prelude::*};
/// use std::time::Duration;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Bill { cups: u32 }
///
/// #[action(state = Bill, writes(cups))]
/// async fn brew(#[context] cx: &Context) -> Result<Writes> {
///     ensure!(cx.attempt() == 3, "the machine is cold");
///     Ok(Writes { cups: 1 })
/// }
///
/// graph! {
///     Cafe(Bill) {
///         nodes { #[retry(Retry::times(2).first(Duration::from_millis(1)))] brew }
///         start brew;
///         brew -> pause;
///     }
/// }
///
/// # futures::executor::block_on(async {
/// let mut app = Cafe::app().build().await?;
/// assert_eq!(app.run(CafeInputs {}).await?.state().cups, 1); // in the third attempt
/// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    times: usize,
    first: Duration,
    factor: f32,
    at_most: Duration,
    jitter: bool,
    superseding: bool,
}

impl Retry {
    /// Allows at most `times` retries after the first attempt, with delays of 1 s, 2 s, 4 s …, at most
    /// 1 min.
    pub fn times(times: usize) -> Self {
        Self {
            times,
            first: Duration::from_secs(1),
            factor: 2.0,
            at_most: Duration::from_mins(1),
            jitter: false,
            superseding: false,
        }
    }

    /// Sets the delay before the first retry. Defaults to 1 s.
    #[must_use]
    pub fn first(self, first: Duration) -> Self {
        Self { first, ..self }
    }

    /// Sets the factor by which each delay is longer than the previous one. Defaults to 2.
    ///
    /// A factor below 1, or one that is not a number, counts as 1.
    #[must_use]
    pub fn factor(self, factor: f32) -> Self {
        Self { factor, ..self }
    }

    /// Sets the longest delay, which also limits the first one. Defaults to 1 min.
    #[must_use]
    pub fn at_most(self, at_most: Duration) -> Self {
        Self { at_most, ..self }
    }

    /// Makes the delays random, so that sessions that failed together do not retry together.
    ///
    /// Each delay is between half of its full length and the full length, and so never longer than
    /// [`at_most`](Self::at_most). The randomness comes from the app's [`Runtime`].
    #[must_use]
    pub fn jitter(self) -> Self {
        Self { jitter: true, ..self }
    }

    /// Also retries an attempt that has shown items, which are superseded by those of the next
    /// attempt.
    ///
    /// Readers of events receive [`ItemsSuperseded`](crate::EventKind::ItemsSuperseded) before the
    /// next attempt starts, as readers of a served session do, and should discard the items that they
    /// have of the step. [`Run::next`](crate::Run::next) returns items and no events: a consumer that uses it
    /// cannot tell the items of one attempt from those of the next.
    #[must_use]
    pub fn superseding(self) -> Self {
        Self { superseding: true, ..self }
    }

    pub(crate) fn supersedes(self) -> bool {
        self.superseding
    }

    pub(crate) fn delays(
        self,
        runtime: &dyn Runtime,
    ) -> impl Iterator<Item = Duration> + Send + use<> {
        let Self { times, first, factor, at_most, jitter, .. } = self;
        // with jitter, backon makes each delay up to twice as long
        let parts = if jitter { 2 } else { 1 };
        let backoff = ExponentialBuilder::new()
            .with_max_times(times)
            .with_min_delay(first.min(at_most) / parts)
            .with_max_delay(at_most / parts)
            // `max` ignores NaN
            .with_factor(factor.max(1.0));
        let backoff =
            if jitter { backoff.with_jitter().with_jitter_seed(runtime.random()) } else { backoff };
        let mut least = Duration::ZERO;
        backoff.build().map(move |delay| {
            // backon computes with 32 bits, which may round down
            let delay = delay.max(least).min(at_most);
            if !jitter {
                least = delay;
            }
            delay
        })
    }
}

impl From<usize> for Retry {
    fn from(times: usize) -> Self {
        Self::times(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Sleep;

    struct Seeded(u64);

    impl Runtime for Seeded {
        fn now(&self) -> Duration {
            Duration::ZERO
        }

        fn sleep(&self, _: Duration) -> Sleep {
            Box::pin(std::future::pending())
        }

        fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>) {
            job();
        }

        fn random(&self) -> u64 {
            self.0
        }
    }

    const DURATIONS: [Duration; 9] = [
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_nanos(1_300_000_001),
        Duration::from_millis(100),
        Duration::from_secs(10),
        Duration::from_secs(16_777_217),
        Duration::from_secs(u32::MAX as u64),
        Duration::new(u64::MAX, 0),
        Duration::MAX,
    ];

    const FACTORS: [f32; 12] = [
        f32::NAN,
        f32::NEG_INFINITY,
        -2.0,
        -0.0,
        0.5,
        1.0,
        1.000_000_1,
        1.5,
        2.0,
        1e30,
        f32::MAX,
        f32::INFINITY,
    ];

    #[test]
    fn delays_never_exceed_the_longest_one_and_never_shrink_without_jitter() {
        for times in [0, 1, 2, 7, 100] {
            for first in DURATIONS {
                for at_most in DURATIONS {
                    for factor in FACTORS {
                        let retry =
                            Retry::times(times).at_most(at_most).first(first).factor(factor);
                        let case = format!("{retry:?}");
                        let plain: Vec<_> = retry.delays(&Seeded(1)).collect();
                        assert_eq!(plain.len(), times, "{case}");
                        assert!(plain.is_sorted(), "{case}: {plain:?}");
                        assert!(plain.iter().all(|delay| *delay <= at_most), "{case}: {plain:?}");
                        if let Some(delay) = plain.first() {
                            assert_eq!(*delay, first.min(at_most), "{case}");
                        }
                        for seed in 0..3 {
                            let jittered: Vec<_> = retry.jitter().delays(&Seeded(seed)).collect();
                            assert_eq!(jittered.len(), times, "{case}");
                            for delay in jittered {
                                assert!(delay <= at_most, "{case}: {delay:?}");
                                // the half is rounded
                                let least = first.min(at_most) / 2;
                                assert!(delay >= least.mul_f64(0.999), "{case}: {delay:?}");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_factor_that_would_shorten_the_delays_keeps_them_equal() {
        let second = Duration::from_secs(1);
        for factor in [f32::NAN, -3.0, 0.0, 0.25, 1.0] {
            let delays: Vec<_> = Retry::times(3).factor(factor).delays(&Seeded(1)).collect();
            assert_eq!(delays, [second; 3], "{factor}");
        }
    }

    #[test]
    fn jitter_also_spreads_the_delays_that_reached_the_longest_one() {
        let minute = Duration::from_mins(1);
        let retry = Retry::times(20).first(minute).at_most(minute).jitter();
        let delays: Vec<_> = retry.delays(&Seeded(1)).collect();
        assert!(delays.iter().all(|delay| (minute / 2..=minute).contains(delay)), "{delays:?}");
        let distinct: std::collections::BTreeSet<_> = delays.iter().collect();
        assert!(distinct.len() > 15, "{delays:?}");
    }
}
