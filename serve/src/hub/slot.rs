//! Slots of the sessions in use. A slot has the app of its session while that is open, and issues the permits to
//! work on it.

use super::Readers;
use burdock::{App, Graph, Stopper, log::SessionId};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// The locked app of a session; `None` while the session is not open.
pub(super) type AppGuard<G> = OwnedMutexGuard<Option<App<G>>>;

/// The slot of one session.
pub(super) struct SessionSlot<G: Graph> {
    session: SessionId,
    /// Locked by the run in progress. The lock is fair: starts that wait get it in the order of their calls.
    app: Arc<AsyncMutex<Option<App<G>>>>,
    status: Mutex<SlotStatus>,
    readers: Arc<Readers>,
}

struct SlotStatus {
    run: RunStatus,
    last_used: Instant,
    /// Number of requests that wait for a permit.
    waiting: usize,
    /// Number of calls of `stop_all`. Each stops every request that was made before it.
    stop_count: u64,
    /// Number of permits issued.
    permits: u64,
    /// Whether the session is being deleted. Requests that wait for this slot then have to look the slot up again.
    deleted: bool,
}

/// The run of a session, if there is one.
enum RunStatus {
    Idle,
    /// A run is about to start, and the session may have to be opened first. With `stop`, the run is stopped as
    /// soon as it has started.
    Starting {
        stop: bool,
    },
    Running(Stopper),
}

impl<G: Graph> SessionSlot<G> {
    pub(super) fn new(session: SessionId, readers: Arc<Readers>) -> Self {
        let status = SlotStatus {
            run: RunStatus::Idle,
            last_used: Instant::now(),
            waiting: 0,
            stop_count: 0,
            permits: 0,
            deleted: false,
        };
        Self { session, app: Arc::default(), status: Mutex::new(status), readers }
    }

    pub(super) fn session(&self) -> &SessionId {
        &self.session
    }

    pub(super) fn is_running(&self) -> bool {
        !matches!(self.status().run, RunStatus::Idle)
    }

    /// Returns whether no run is in progress, and the last one was over before `since`.
    pub(super) fn is_idle(&self, since: Instant) -> bool {
        let status = self.status();
        matches!(status.run, RunStatus::Idle) && status.last_used < since
    }

    pub(super) fn last_used(&self) -> Instant {
        self.status().last_used
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.status().deleted
    }

    /// Marks the session as being deleted, so that requests that wait for this slot look the slot up again.
    pub(super) fn mark_deleted(&self) {
        self.status().deleted = true;
    }

    /// Stops the run that is in progress or about to start.
    pub(super) fn stop(&self) {
        match &mut self.status().run {
            RunStatus::Idle => {}
            RunStatus::Starting { stop } => *stop = true,
            RunStatus::Running(stopper) => stopper.stop(),
        }
    }

    /// Stops the run in progress and all starts that wait.
    pub(super) fn stop_all(&self) {
        self.status().stop_count += 1;
        self.stop();
    }

    /// Returns how often [`stop_all`](Self::stop_all) was called.
    pub(super) fn stop_count(&self) -> u64 {
        self.status().stop_count
    }

    /// Returns the number of the last permit; `None` while a run is about to start.
    pub(super) fn last_permit(&self) -> Option<u64> {
        let status = self.status();
        (!matches!(status.run, RunStatus::Starting { .. })).then_some(status.permits)
    }

    /// Joins the queue directly behind a permit; returns `None` if another request waits or a later permit was
    /// issued.
    pub(super) fn queue_behind(&self, permit: u64) -> Option<Queued<'_, G>> {
        let mut status = self.status();
        if status.permits != permit || status.waiting > 0 {
            return None;
        }
        status.waiting += 1;
        Some(Queued(self))
    }

    /// Joins the queue of at most `limit` requests; returns `None` if it is full.
    pub(super) fn queue(&self, limit: usize) -> Option<Queued<'_, G>> {
        let mut status = self.status();
        if status.waiting >= limit {
            return None;
        }
        status.waiting += 1;
        Some(Queued(self))
    }

    pub(super) fn try_lock(&self) -> Option<AppGuard<G>> {
        Arc::clone(&self.app).try_lock_owned().ok()
    }

    pub(super) async fn lock(&self) -> AppGuard<G> {
        Arc::clone(&self.app).lock_owned().await
    }

    fn status(&self) -> MutexGuard<'_, SlotStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in the queue for a permit, until this is dropped.
pub(super) struct Queued<'s, G: Graph>(&'s SessionSlot<G>);

impl<G: Graph> Drop for Queued<'_, G> {
    fn drop(&mut self) {
        self.0.status().waiting -= 1;
    }
}

/// The permit to work on a session. There is at most one for each session at a time.
pub(super) struct SessionPermit<G: Graph> {
    // dropped before the lock, so that the next permit finds the slot idle
    active: ActiveGuard<G>,
    pub(super) app: AppGuard<G>,
}

impl<G: Graph> SessionPermit<G> {
    /// Issues the permit for a request that holds the lock of the slot. `stop_count` is that of the slot when
    /// the request was made: if it differs by now, the request has been stopped.
    pub(super) fn new(slot: &Arc<SessionSlot<G>>, app: AppGuard<G>, stop_count: u64) -> Self {
        {
            let mut status = slot.status();
            status.permits += 1;
            status.run = RunStatus::Starting { stop: status.stop_count != stop_count };
        }
        Self { active: ActiveGuard(Arc::clone(slot)), app }
    }

    pub(super) fn session(&self) -> &SessionId {
        self.active.0.session()
    }

    /// Records that a run has started, and stops it if that was requested before.
    pub(super) fn set_running(&self, stopper: Stopper) {
        let mut status = self.active.0.status();
        if matches!(status.run, RunStatus::Starting { stop: true }) {
            stopper.stop();
        }
        status.run = RunStatus::Running(stopper);
    }

    /// Records that no run starts under this permit.
    pub(super) fn set_idle(&self) {
        self.active.0.status().run = RunStatus::Idle;
    }

    /// Records that the run did not start and is started again. A stop that was requested still applies.
    pub(super) fn set_starting_again(&self) {
        let mut status = self.active.0.status();
        if let RunStatus::Running(stopper) = &status.run {
            status.run = RunStatus::Starting { stop: stopper.is_stopped() };
        }
    }
}

/// Marks the slot as idle when it is dropped, and notifies the readers of the session.
struct ActiveGuard<G: Graph>(Arc<SessionSlot<G>>);

impl<G: Graph> Drop for ActiveGuard<G> {
    fn drop(&mut self) {
        {
            let mut status = self.0.status();
            status.run = RunStatus::Idle;
            status.last_used = Instant::now();
        }
        self.0.readers.notify_run_over(&self.0.session);
    }
}
