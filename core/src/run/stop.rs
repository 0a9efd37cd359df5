//! Detection of a stop, and the grace period after it.

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

/// Detects a stop, and measures the grace period of an action that does not finish.
pub(super) struct Stop {
    pub(super) stopper: Stopper,
    pub(super) runtime: Arc<dyn Runtime>,
    pub(super) grace_period: Duration,
    /// The time left of the grace period; `None` before a stop was detected.
    budget: Option<TimeBudget>,
    /// Whether the action had abandoned its step after the last poll.
    abandoned: bool,
    /// The waker for a stop, and its registration.
    waker: Option<KnownWaker>,
    key: Option<WaitKey>,
}

impl Stop {
    pub(super) fn new(stopper: Stopper, runtime: Arc<dyn Runtime>, grace_period: Duration) -> Self {
        let (budget, abandoned, waker, key) = (None, false, None, None);
        Self { stopper, runtime, grace_period, budget, abandoned, waker, key }
    }

    /// Completes when a stop is requested. Always pending once the grace period has started.
    #[inline]
    pub(super) fn poll_stop(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.budget.is_some() {
            return Poll::Pending;
        }
        if !self.waker.as_ref().is_some_and(|known| known.is(cx.waker())) {
            self.waker = Some(KnownWaker::new(cx.waker()));
            return self.stopper.control.poll_stop(
                self.stopper.generation,
                &mut self.key,
                cx.waker(),
            );
        }
        if self.stopper.is_stopped() {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Removes the waker at the end of the run, because it would keep the task of the run alive.
    pub(super) fn deregister(&mut self) {
        self.stopper.control.deregister(&mut self.key);
        self.waker = None;
    }

    /// Called after a stop. Completes when the grace period is over and an action is running, or when the action
    /// abandons its step. Time spent waiting for the log is not counted.
    #[cold]
    pub(super) fn poll_grace_period(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (runtime, control) = (&*self.runtime, &self.stopper.control);
        if control.waiting_for() == Wait::Abandoned {
            if self.abandoned {
                self.grace_period = Duration::ZERO;
                return Poll::Ready(());
            }
            // the action may have dropped the future that has abandoned the step; the next poll shows whether it did
            self.abandoned = true;
            control.confirm_abandoned();
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.abandoned = false;
        let first = self.budget.is_none();
        let started = || TimeBudget::new(self.grace_period, runtime);
        let budget = self.budget.get_or_insert_with(started);
        if first && control.waiting_for() == Wait::Log {
            // the action may have dropped the item that waits for the log; the next poll shows whether it did
            control.set_waiting_for(Wait::Own);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let now = runtime.now();
        budget.pause(now, now);
        let waits_for_log = control.is_committing() || control.waiting_for() == Wait::Log;
        // the next poll of the action sets it again
        control.set_waiting_for(Wait::Own);
        if waits_for_log {
            budget.poll_paused(runtime, cx);
            return Poll::Pending;
        }
        budget.resume(now);
        budget.poll_elapsed(runtime, cx)
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.deregister();
    }
}
