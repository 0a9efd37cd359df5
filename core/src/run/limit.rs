//! Time limits that can be paused.

use crate::{
    runtime::{Runtime, Sleep},
    stream::{Control, Wait},
    sync::{AtomicU64, Mutex, Ordering, lock},
};
use std::{
    sync::Arc,
    task::{Context, Poll, Wake, Waker, ready},
    time::Duration,
};

/// A time limit that counts only the periods in which it is not paused.
pub(super) struct TimeBudget {
    total: Duration,
    used: Duration,
    /// The start of the period that is being counted; `None` while paused.
    since: Option<Duration>,
    /// Completes when the time is used up, or too early if the limit was paused since the sleep started.
    sleep: Sleep,
    /// Whether `sleep` completes too early.
    is_early: bool,
}

impl TimeBudget {
    /// Creates a budget and starts counting.
    pub(super) fn new(total: Duration, runtime: &dyn Runtime) -> Self {
        Self {
            total,
            used: Duration::ZERO,
            since: Some(runtime.now()),
            sleep: runtime.sleep(total),
            is_early: false,
        }
    }

    /// Pauses as of `end`, which may be in the past.
    pub(super) fn pause(&mut self, end: Duration, now: Duration) {
        let end = end.min(now);
        self.is_early |= self.since.is_none() || end < now;
        if let Some(since) = self.since.take() {
            self.used = self.used.saturating_add(end.saturating_sub(since));
        }
    }

    /// Continues to count at `now`.
    pub(super) fn resume(&mut self, now: Duration) {
        self.since.get_or_insert(now);
    }

    /// Completes when the time is used up, as of the last [`pause`](Self::pause).
    pub(super) fn poll_elapsed(&mut self, runtime: &dyn Runtime, cx: &mut Context<'_>) -> Poll<()> {
        if self.used >= self.total {
            return Poll::Ready(());
        }
        ready!(self.sleep.as_mut().poll(cx));
        if !self.is_early {
            return Poll::Ready(());
        }
        self.reset_sleep(runtime);
        self.sleep.as_mut().poll(cx)
    }

    /// Registers the task for a later wake while the limit is paused.
    pub(super) fn poll_paused(&mut self, runtime: &dyn Runtime, cx: &mut Context<'_>) {
        if self.used < self.total && self.sleep.as_mut().poll(cx).is_ready() {
            self.reset_sleep(runtime);
            if self.sleep.as_mut().poll(cx).is_ready() {
                // a completed future must not be polled again
                self.reset_sleep(runtime);
            }
        }
    }

    fn reset_sleep(&mut self, runtime: &dyn Runtime) {
        self.is_early = false;
        self.sleep = runtime.sleep(self.total.saturating_sub(self.used));
    }
}

/// The `#[timeout]` of an attempt.
///
/// It counts the time of the polls of the action, and the time during which the action waits for its own futures:
/// from the end of a poll to the first wake after it. It does not count the time during which an item waits for
/// the consumer or the log, nor the time until the consumer polls an action that was woken.
pub(super) struct AttemptTimeout {
    budget: TimeBudget,
    wakes: Arc<WakeRecorder>,
    /// Wakes the task and records the time.
    waker: Waker,
    runtime: Arc<dyn Runtime>,
}

impl AttemptTimeout {
    pub(super) fn new(after: Duration, runtime: &Arc<dyn Runtime>) -> Self {
        let wakes = Arc::new(WakeRecorder {
            task: Mutex::new(None),
            at: AtomicU64::new(NEVER),
            runtime: Arc::clone(runtime),
        });
        Self {
            budget: TimeBudget::new(after, &**runtime),
            waker: Waker::from(Arc::clone(&wakes)),
            wakes,
            runtime: Arc::clone(runtime),
        }
    }

    pub(super) fn after(&self) -> Duration {
        self.budget.total
    }

    /// Polls the action and counts the time of the poll.
    pub(super) fn poll<T>(
        &mut self,
        control: &Control,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let now = self.runtime.now();
        let woken = self.wakes.take(cx.waker());
        self.budget.pause(woken.unwrap_or(now), now);
        self.budget.resume(now);
        control.set_waiting_for(Wait::Own);
        let polled = poll(&mut Context::from_waker(&self.waker));
        let now = self.runtime.now();
        self.budget.pause(now, now);
        if control.waiting_for() == Wait::Own && !control.is_committing() {
            self.budget.resume(now);
        }
        polled
    }

    /// Called after a pending poll. Completes when the action has used up its time and waits for its own
    /// futures.
    pub(super) fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.budget.since.is_none() {
            return Poll::Pending;
        }
        self.budget.poll_elapsed(&*self.runtime, cx)
    }
}

/// The value of [`WakeRecorder::at`] while no wake is recorded.
const NEVER: u64 = u64::MAX;

/// Forwards wakes to the task that polls an attempt, and records the time of the first one.
struct WakeRecorder {
    task: Mutex<Option<Waker>>,
    /// The time of the first wake, in nanoseconds of the runtime's clock.
    at: AtomicU64,
    runtime: Arc<dyn Runtime>,
}

impl WakeRecorder {
    /// Takes the time of the first wake since the last call, and forwards later wakes to `task`.
    fn take(&self, task: &Waker) -> Option<Duration> {
        let replaced = {
            let mut known = lock(&self.task);
            match &*known {
                Some(known) if known.will_wake(task) => None,
                _ => known.replace(task.clone()),
            }
        };
        // dropped after the lock is released: it may be the last reference to a task
        drop(replaced);
        let at = self.at.swap(NEVER, Ordering::AcqRel);
        (at != NEVER).then(|| Duration::from_nanos(at))
    }
}

impl Wake for WakeRecorder {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.at.load(Ordering::Relaxed) == NEVER {
            let now = u64::try_from(self.runtime.now().as_nanos()).unwrap_or(NEVER - 1);
            let _ = self.at.compare_exchange(NEVER, now, Ordering::AcqRel, Ordering::Relaxed);
        }
        let task = lock(&self.task).clone();
        if let Some(task) = task {
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A runtime whose sleeps complete immediately.
    struct Instant;

    impl Runtime for Instant {
        fn now(&self) -> Duration {
            Duration::ZERO
        }

        fn sleep(&self, _: Duration) -> Sleep {
            Box::pin(std::future::ready(()))
        }

        fn spawn_blocking(&self, _: Box<dyn FnOnce() + Send>) {}

        fn random(&self) -> u64 {
            0
        }
    }

    #[test]
    fn completed_sleep_is_not_polled_again() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut budget = TimeBudget::new(Duration::from_secs(1), &Instant);
        budget.pause(Duration::ZERO, Duration::ZERO);
        for _ in 0..3 {
            budget.poll_paused(&Instant, &mut cx);
        }
        budget.resume(Duration::ZERO);
        assert!(budget.poll_elapsed(&Instant, &mut cx).is_ready());
    }
}
