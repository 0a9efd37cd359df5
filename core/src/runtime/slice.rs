//! The time slice of a run: how long it may keep its executor's thread.
//!
//! A future that is always ready keeps the thread that polls it: no other task of that thread makes
//! progress, no timer fires, and another task cannot request a stop. A run that never waits therefore wakes
//! its task and returns `Pending` when its slice is used up.
//!
//! A slice is measured in time, because returning to the executor takes time: in tokio's current-thread
//! runtime it is a system call, which takes several hundred times as long as a short step. The clock is read
//! rarely, because a reading also takes longer than a step.

use super::Runtime;
use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The length of a slice.
const LENGTH: Duration = Duration::from_micros(250);

/// The first slice of a run is halved this many times, and each later one is twice as long as the one before.
/// If a thousand runs start at once, the last one then shows its first item after a thousand short slices.
const RAMP: u32 = 7;

/// Units of work before the first reading of the clock. A run that waits after each item, such as one that
/// streams the answer of a model, never reads the clock.
const UNMEASURED: u32 = 3;

/// The maximum number of units between two readings. The number starts at one and doubles, so that long steps
/// do not exceed the slice by much.
const MAX_UNITS: u32 = 64;

/// The maximum number of readings in one slice. It ends the slice after about 65 000 units if a test has
/// stopped the clock.
const MAX_READINGS: u32 = 1024;

/// The time slice of an app's run.
///
/// Only the task that polls the run uses it. It is atomic because it is part of the state that runs share with
/// other threads. The atomics are those of `std` because shuttle has nothing to interleave here.
#[derive(Debug)]
pub(crate) struct TimeSlice {
    /// The number of units until the next reading.
    left: AtomicU32,
    /// The number of readings in this slice.
    readings: AtomicU32,
    /// The first reading, in nanoseconds.
    since: AtomicU64,
    /// How often the length of the slice is halved.
    ramp: AtomicU32,
}

impl Default for TimeSlice {
    fn default() -> Self {
        Self { left: UNMEASURED.into(), readings: 0.into(), since: 0.into(), ramp: RAMP.into() }
    }
}

impl TimeSlice {
    /// Starts the first slice of a run.
    pub(crate) fn start(&self) {
        self.ramp.store(RAMP, Relaxed);
        self.restart();
    }

    /// Restarts the slice, because the run waits and the executor has the thread.
    #[inline]
    pub(crate) fn restart(&self) {
        self.left.store(UNMEASURED, Relaxed);
        self.readings.store(0, Relaxed);
    }

    /// Counts a unit of work (a step or an item), and returns whether the slice is used up. If it is, the next
    /// one starts.
    #[inline]
    pub(crate) fn is_used_up(&self, clock: &dyn Runtime) -> bool {
        let left = self.left.load(Relaxed) - 1;
        self.left.store(left, Relaxed);
        left == 0 && self.read(clock)
    }

    #[cold]
    fn read(&self, clock: &dyn Runtime) -> bool {
        let now = u64::try_from(clock.now().as_nanos()).unwrap_or(u64::MAX);
        let readings = self.readings.load(Relaxed);
        if readings == 0 {
            self.since.store(now, Relaxed);
        }
        let used = Duration::from_nanos(now.saturating_sub(self.since.load(Relaxed)));
        let ramp = self.ramp.load(Relaxed);
        if used >= LENGTH / (1 << ramp) || readings == MAX_READINGS {
            self.ramp.store(ramp.saturating_sub(1), Relaxed);
            self.restart();
            return true;
        }
        self.left.store(MAX_UNITS >> MAX_UNITS.ilog2().saturating_sub(readings), Relaxed);
        self.readings.store(readings + 1, Relaxed);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Sleep;

    /// A clock that the test advances.
    struct Clock(AtomicU64);

    impl Runtime for Clock {
        fn now(&self) -> Duration {
            Duration::from_nanos(self.0.load(Relaxed))
        }

        fn sleep(&self, _: Duration) -> Sleep {
            Box::pin(std::future::pending())
        }

        fn spawn_blocking(&self, _: Box<dyn FnOnce() + Send>) {}

        fn random(&self) -> u64 {
            0
        }
    }

    /// Returns the lengths, in units, of the first slices of a run whose units take `nanos` each.
    fn slices(nanos: u64, slices: usize) -> Vec<u64> {
        let (slice, clock) = (TimeSlice::default(), Clock(0.into()));
        let length = |_| {
            let mut units = 1;
            while !slice.is_used_up(&clock) {
                clock.0.fetch_add(nanos, Relaxed);
                units += 1;
            }
            units
        };
        (0..slices).map(length).collect()
    }

    #[test]
    fn slices_grow_to_their_full_length() {
        for nanos in [5, 10, 100, 1_000, 10_000] {
            let units = slices(nanos, 20);
            assert!(units.is_sorted(), "{units:?}");
            assert!(units[0] * nanos <= 20_000 + 4 * nanos, "{units:?}");
            let last = units[19] * nanos;
            assert!((200_000..350_000).contains(&last), "{nanos}: {last}");
        }
    }

    #[test]
    fn long_units_exceed_the_slice_only_slightly() {
        assert_eq!(slices(10_000_000, 3), [4, 4, 4]);
        assert_eq!(slices(100_000, 9)[8], 6);
    }

    #[test]
    fn slice_ends_by_count_if_the_clock_stands_still() {
        let units = slices(0, 2);
        assert_eq!(units[0], units[1]);
        assert!((60_000..70_000).contains(&units[0]), "{units:?}");
    }

    #[test]
    fn run_that_waits_often_does_not_read_the_clock() {
        let (slice, clock) = (TimeSlice::default(), Clock(0.into()));
        for _ in 0..10_000 {
            assert!(!slice.is_used_up(&clock) && !slice.is_used_up(&clock));
            slice.restart();
            clock.0.fetch_add(1_000_000, Relaxed);
        }
        assert_eq!(slice.since.load(Relaxed), 0);
    }
}
