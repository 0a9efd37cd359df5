//! Time limits that count some spans of time and not others.

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

/// An amount of time, of which only some spans are counted.
pub(super) struct TimeBudget {
    granted: Duration,
    used: Duration,
    /// The start of the span that is being counted, if one is.
    since: Option<Duration>,
    /// Ends when the time is used up, or earlier if it went on during spans that are not counted.
    sleep: Sleep,
    /// Whether it did.
    ahead: bool,
}

impl TimeBudget {
    /// Counts from now on.
    pub(super) fn new(granted: Duration, runtime: &dyn Runtime) -> Self {
        Self {
            granted,
            used: Duration::ZERO,
            since: Some(runtime.now()),
            sleep: runtime.sleep(granted),
            ahead: false,
        }
    }

    /// Ends the span that is being counted at `end`, which may be some time ago.
    pub(super) fn pause(&mut self, end: Duration, now: Duration) {
        let end = end.min(now);
        self.ahead |= self.since.is_none() || end < now;
        if let Some(since) = self.since.take() {
            self.used = self.used.saturating_add(end.saturating_sub(since));
        }
    }

    /// Counts from `now` on.
    pub(super) fn count(&mut self, now: Duration) {
        self.since.get_or_insert(now);
    }

    /// Is ready when the time is used up, as of the last [`pause`](Self::pause).
    pub(super) fn poll_over(&mut self, runtime: &dyn Runtime, cx: &mut Context<'_>) -> Poll<()> {
        if self.used >= self.granted {
            return Poll::Ready(());
        }
        ready!(self.sleep.as_mut().poll(cx));
        if !self.ahead {
            return Poll::Ready(());
        }
        self.wind(runtime);
        self.sleep.as_mut().poll(cx)
    }

    /// Wakes the task at some time, while nothing is counted.
    pub(super) fn poll_paused(&mut self, runtime: &dyn Runtime, cx: &mut Context<'_>) {
        if self.used < self.granted && self.sleep.as_mut().poll(cx).is_ready() {
            self.wind(runtime);
            if self.sleep.as_mut().poll(cx).is_ready() {
                // a future that was ready is not polled again
                self.wind(runtime);
            }
        }
    }

    fn wind(&mut self, runtime: &dyn Runtime) {
        self.ahead = false;
        self.sleep = runtime.sleep(self.granted.saturating_sub(self.used));
    }
}

/// The `#[timeout]` of an attempt.
///
/// It counts what polls of the action take, and how long the action waits for futures of its own:
/// from the end of a poll to the first wake after it. It does not count how long an item waits for
/// the consumer or for the log, nor how long a consumer takes to poll an action that was woken.
pub(super) struct Limit {
    budget: TimeBudget,
    wakes: Arc<Wakes>,
    /// Wakes the task and notes when.
    waker: Waker,
    runtime: Arc<dyn Runtime>,
}

impl Limit {
    pub(super) fn new(after: Duration, runtime: &Arc<dyn Runtime>) -> Self {
        let wakes = Arc::new(Wakes {
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
        self.budget.granted
    }

    /// Polls the action and counts what it takes.
    pub(super) fn poll<T>(
        &mut self,
        control: &Control,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let now = self.runtime.now();
        let woken = self.wakes.renew(cx.waker());
        self.budget.pause(woken.unwrap_or(now), now);
        self.budget.count(now);
        control.wait_for(Wait::Own);
        let polled = poll(&mut Context::from_waker(&self.waker));
        let now = self.runtime.now();
        self.budget.pause(now, now);
        if control.waits_for() == Wait::Own && !control.is_committing() {
            self.budget.count(now);
        }
        polled
    }

    /// After a poll that was pending: is ready when the action has used up its time and waits for
    /// futures of its own.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.budget.since.is_none() {
            return Poll::Pending;
        }
        self.budget.poll_over(&*self.runtime, cx)
    }
}

/// No wake was noted.
const NEVER: u64 = u64::MAX;

/// Passes wakes on to the task that polls an attempt, and notes when the first one came.
struct Wakes {
    task: Mutex<Option<Waker>>,
    /// In nanoseconds of the runtime's time.
    at: AtomicU64,
    runtime: Arc<dyn Runtime>,
}

impl Wakes {
    /// Takes the time of the first wake since the last call, and passes on those that come to `task`.
    fn renew(&self, task: &Waker) -> Option<Duration> {
        let replaced = {
            let mut known = lock(&self.task);
            match &*known {
                Some(known) if known.will_wake(task) => None,
                _ => known.replace(task.clone()),
            }
        };
        // without the lock: it may be the last that holds a task
        drop(replaced);
        let at = self.at.swap(NEVER, Ordering::AcqRel);
        (at != NEVER).then(|| Duration::from_nanos(at))
    }
}

impl Wake for Wakes {
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

    /// Sleeps take no time.
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
    fn sleep_that_was_ready_is_not_polled_again() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut budget = TimeBudget::new(Duration::from_secs(1), &Instant);
        budget.pause(Duration::ZERO, Duration::ZERO);
        for _ in 0..3 {
            budget.poll_paused(&Instant, &mut cx);
        }
        budget.count(Duration::ZERO);
        assert!(budget.poll_over(&Instant, &mut cx).is_ready());
    }
}
