//! How a run notices a stop, and how long its action may continue then.

use super::limit::TimeBudget;
use crate::{
    runtime::Runtime,
    stream::{KnownWaker, Stopper, Wait, WaitKey},
};
use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

/// What a run needs to notice a stop and to end a run that does not heed it.
pub(super) struct Stop {
    pub(super) stopper: Stopper,
    pub(super) runtime: Arc<dyn Runtime>,
    pub(super) grace_period: Duration,
    /// Counts once a stop was noticed.
    deadline: Option<TimeBudget>,
    /// The waker that a stop wakes, and where it is registered.
    waker: Option<KnownWaker>,
    key: Option<WaitKey>,
}

impl Stop {
    pub(super) fn new(stopper: Stopper, runtime: Arc<dyn Runtime>, grace_period: Duration) -> Self {
        Self { stopper, runtime, grace_period, deadline: None, waker: None, key: None }
    }

    /// Is ready when a stop was asked for that nothing waits for yet; wakes the task otherwise.
    #[inline]
    pub(super) fn poll_stop(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.deadline.is_some() {
            return Poll::Pending;
        }
        if !self.waker.as_ref().is_some_and(|known| known.is(cx.waker())) {
            self.waker = Some(KnownWaker::new(cx.waker()));
            return self.stopper.control.wait(self.stopper.generation, &mut self.key, cx.waker());
        }
        if self.stopper.is_stopped() {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// The run is over: nothing waits for a stop, and a waker would hold the task that drove it.
    pub(super) fn forget(&mut self) {
        self.stopper.control.deregister(&mut self.key);
        self.waker = None;
    }

    /// After a stop: is ready when the grace period is over and an action runs, or when the action
    /// abandons its step. What the log takes is not counted.
    #[cold]
    pub(super) fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (runtime, control) = (&*self.runtime, &self.stopper.control);
        if control.waits_for() == Wait::Nothing {
            self.grace_period = Duration::ZERO;
            return Poll::Ready(());
        }
        let first = self.deadline.is_none();
        let started = || TimeBudget::new(self.grace_period, runtime);
        let deadline = self.deadline.get_or_insert_with(started);
        if first && control.waits_for() == Wait::Log {
            // an item waited for the log once, and may have been given up since: another poll knows
            control.wait_for(Wait::Own);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let now = runtime.now();
        deadline.pause(now, now);
        let waits_for_log = control.is_committing() || control.waits_for() == Wait::Log;
        // until it is polled again, when it may wait for something else
        control.wait_for(Wait::Own);
        if waits_for_log {
            deadline.poll_paused(runtime, cx);
            return Poll::Pending;
        }
        deadline.count(now);
        deadline.poll_over(runtime, cx)
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.forget();
    }
}
