//! The hub, which owns the runs of a server: at most one at a time in each session. Runs continue without readers.
//!
//! A session is opened when a run is started in it, and closed after it has been idle for a while. Reading does
//! not open it. Each run is a task that the hub joins when it shuts down.

mod delete;
mod fork;
mod inputs;
mod readers;
mod slot;
mod start;
mod status;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
mod uncertain;

pub(crate) use self::inputs::RunInputs;
pub(crate) use self::readers::Reader;
pub use self::start::{IfRunning, IfUnfinished};
pub(crate) use self::start::{StartKind, StartOptions};

use self::{
    readers::Readers,
    slot::{SessionPermit, SessionSlot},
};
use crate::{error::SessionError, limits::Limits, readiness::Readiness, text::chain};
use burdock::{
    App, Graph,
    log::{Existence, Log, LogError, SessionFilter, SessionId, SessionInfo},
    run::BuildError,
};
use std::{
    collections::BTreeMap,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::{
    runtime::Handle,
    select,
    sync::mpsc,
    task::AbortHandle,
    time::{Interval, interval, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A function that opens a session for writing.
pub(crate) type Open<G> = Box<dyn Fn(SessionId, Existence) -> Opening<G> + Send + Sync>;

/// The future of an app whose session is being opened.
pub(crate) type Opening<G> = Pin<Box<dyn Future<Output = Result<App<G>, BuildError>> + Send>>;

/// Number of idle sessions that are closed together when the limit of open sessions is reached.
const EVICTION_BATCH: usize = 8;

/// How long a request waits for another session to be closed when the limit of open sessions is reached.
const EVICTION_TIMEOUT: Duration = Duration::from_secs(2);

/// The sessions of a server.
pub(crate) struct Hub<G: Graph> {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) limits: Limits,
    pub(crate) readiness: Readiness,
    readers: Arc<Readers>,
    open: Open<G>,
    slots: Mutex<BTreeMap<SessionId, Arc<SessionSlot<G>>>>,
    runs: TaskTracker,
    /// The task that closes idle sessions.
    sweeper: Mutex<Option<AbortHandle>>,
    closing: CancellationToken,
}

impl<G: Graph> Hub<G> {
    pub(crate) fn new(log: Arc<dyn Log>, limits: Limits, open: Open<G>) -> Self {
        let closing = CancellationToken::new();
        Self {
            log,
            readers: Arc::new(Readers::new(limits.of_readers(), closing.clone())),
            readiness: Readiness::default(),
            limits,
            open,
            slots: Mutex::default(),
            runs: TaskTracker::new(),
            sweeper: Mutex::default(),
            closing,
        }
    }

    /// Returns a token that is cancelled when the server shuts down.
    pub(crate) fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// Admits a client as a reader.
    pub(crate) fn admit_client(&self, session: &SessionId) -> Result<Reader, SessionError> {
        if self.closing.is_cancelled() {
            return Err(SessionError::ShuttingDown);
        }
        self.readers.admit_client(session)
    }

    /// Admits a reader in the program's own code.
    pub(crate) fn admit_internal(&self, session: &SessionId) -> Result<Reader, SessionError> {
        if self.closing.is_cancelled() {
            return Err(SessionError::ShuttingDown);
        }
        Ok(self.readers.admit_internal(session))
    }

    /// Returns the description of a session of this graph. Sessions of other graphs are not found.
    pub(crate) async fn info(&self, session: &SessionId) -> Result<SessionInfo, SessionError> {
        let info = match self.log.info(session).await {
            // its entries are lost, but the log may know its graph, so that it can be deleted
            Err(LogError::Damaged { .. }) => {
                let prefix = session.as_str().into();
                let filter = SessionFilter { prefix, limit: 1, ..SessionFilter::of::<G>() };
                self.log.sessions(filter).await?.pop().filter(|info| info.id == *session)
            }
            info => Some(info?),
        };
        let owns = |graph: &str| G::TOPOLOGY.names().any(|name| name == graph);
        info.filter(|info| info.graph.as_deref().is_some_and(owns))
            .ok_or_else(|| SessionError::NotFound { session: session.clone() })
    }

    /// Returns the number of sessions that are open for writing.
    pub(crate) fn open_sessions(&self) -> usize {
        self.slots().len()
    }

    /// Returns whether a run of the session is in progress in this process.
    pub(crate) fn is_running(&self, session: &SessionId) -> bool {
        self.slots().get(session).is_some_and(|slot| slot.is_running())
    }

    /// Asks the run of a session to stop, if one is in progress in this process.
    pub(crate) fn stop(&self, session: &SessionId) {
        let slot = self.slots().get(session).cloned();
        if let Some(slot) = slot {
            slot.stop();
        }
    }

    /// Returns the slot of a session. At the limit of open sessions, idle ones are closed to make room.
    async fn slot(
        self: &Arc<Self>,
        session: &SessionId,
    ) -> Result<Arc<SessionSlot<G>>, SessionError> {
        self.ensure_sweeper()?;
        if let Some(slot) = self.try_slot(session)? {
            return Ok(slot);
        }
        self.make_room().await;
        self.try_slot(session)?.ok_or(SessionError::TooManySessions)
    }

    /// Returns the slot of a session; `None` if it would exceed the limit of open sessions.
    fn try_slot(&self, session: &SessionId) -> Result<Option<Arc<SessionSlot<G>>>, SessionError> {
        if self.closing.is_cancelled() {
            return Err(SessionError::ShuttingDown);
        }
        let mut slots = self.slots();
        if let Some(slot) = slots.get(session) {
            return Ok(Some(Arc::clone(slot)));
        }
        if slots.len() >= self.limits.sessions {
            return Ok(None);
        }
        let slot = Arc::new(SessionSlot::new(session.clone(), Arc::clone(&self.readers)));
        slots.insert(session.clone(), Arc::clone(&slot));
        Ok(Some(slot))
    }

    /// Removes the slot of a session that could not be opened, unless another request uses it.
    fn remove_unopened(&self, slot: &Arc<SessionSlot<G>>) {
        let mut slots = self.slots();
        let empty = slot.try_lock().is_some_and(|app| app.is_none());
        // two references: those of the map and of the caller
        if empty && Arc::strong_count(slot) <= 2 {
            remove(&mut slots, slot);
        }
    }

    /// Closes the sessions that have been idle longest, and waits until one of them is closed or the timeout
    /// has elapsed.
    async fn make_room(self: &Arc<Self>) {
        let now = Instant::now();
        let mut idle: Vec<_> =
            self.slots().values().filter(|slot| slot.is_idle(now)).cloned().collect();
        idle.sort_by_key(|slot| slot.last_used());
        idle.truncate(EVICTION_BATCH);
        let (sender, mut closed) = mpsc::channel(1);
        for slot in idle {
            let sender = sender.clone();
            let closing = self.close_if_idle(slot, now);
            self.runs.spawn(async move {
                closing.await;
                let _ = sender.try_send(());
            });
        }
        drop(sender);
        // a session that takes longer makes room for a later request
        drop(timeout(EVICTION_TIMEOUT, closed.recv()).await);
    }

    /// Closes all sessions that have not been used since `since`.
    pub(crate) fn close_idle(self: &Arc<Self>, since: Instant) {
        let idle: Vec<_> =
            self.slots().values().filter(|slot| slot.is_idle(since)).cloned().collect();
        for slot in idle {
            // one task each, because a blocking action may delay the closing of a session
            self.runs.spawn(self.close_if_idle(slot, since));
        }
    }

    /// Spawns the task that closes idle sessions, unless it is running. The task ends with the runtime in which it
    /// was spawned, when the server is dropped, and when the server shuts down.
    fn ensure_sweeper(self: &Arc<Self>) -> Result<(), SessionError> {
        if self.closing.is_cancelled() {
            return Err(SessionError::ShuttingDown);
        }
        let runtime = Handle::try_current().map_err(|_| SessionError::OutsideRuntime)?;
        let mut sweeper = self.sweeper.lock().unwrap_or_else(PoisonError::into_inner);
        if sweeper.as_ref().is_none_or(AbortHandle::is_finished) {
            let idle = self.limits.idle;
            // created here, so that a runtime without timers panics in the caller and not in the task
            let ticks = interval((idle / 4).max(Duration::from_millis(10)));
            let closing = self.closing.clone();
            let task = runtime.spawn(sweep(Arc::downgrade(self), idle, ticks, closing));
            *sweeper = Some(task.abort_handle());
        }
        Ok(())
    }

    /// Closes a session and removes its slot, unless it is in use again.
    fn close_if_idle(
        self: &Arc<Self>,
        slot: Arc<SessionSlot<G>>,
        since: Instant,
    ) -> impl Future<Output = ()> + Send + 'static {
        let hub = Arc::clone(self);
        async move {
            // a request for the session waits for the lock meanwhile, and then opens the session again
            let Some(mut app) = slot.try_lock() else { return };
            if let Some(app) = app.take() {
                close(app, slot.session()).await;
            }
            let mut slots = hub.slots();
            // two references: those of the map and of this task
            if slot.is_idle(since) && Arc::strong_count(&slot) <= 2 {
                remove(&mut slots, &slot);
            }
        }
    }

    /// Stops all runs at their next commit, and closes every session.
    pub(crate) async fn shut_down(&self) {
        self.closing.cancel();
        self.runs.close();
        let slots: Vec<_> = self.slots().values().cloned().collect();
        for slot in &slots {
            slot.stop();
        }
        self.runs.wait().await;
        for slot in slots {
            if let Some(app) = slot.lock().await.take() {
                close(app, slot.session()).await;
            }
        }
        self.slots().clear();
    }

    /// Moves a session that has ended to its start node.
    pub(crate) async fn reopen(self: &Arc<Self>, session: &SessionId) -> Result<(), SessionError> {
        loop {
            let slot = self.slot(session).await?;
            let Some(mut permit) = self.acquire(&slot, IfRunning::Reject).await? else { continue };
            permit.set_idle();
            let hub = Arc::clone(self);
            return self.in_task(slot, async move { hub.reopen_with(&mut permit).await }).await;
        }
    }

    async fn reopen_with(&self, permit: &mut SessionPermit<G>) -> Result<(), SessionError> {
        self.ensure_open(permit, Existence::Existing).await?;
        let Some(app) = permit.app.as_mut() else { return Ok(()) };
        let mut reopened = app.reopen();
        if reopened.is_ok() {
            reopened = app.flush().await;
            if reopened.is_err() {
                // it is unknown whether the log has the entry: the next request opens the session and reads it
                *permit.app = None;
            }
        }
        reopened.map_err(|error| SessionError::of_run(permit.session(), error))
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<SessionId, Arc<SessionSlot<G>>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes idle sessions until the server is dropped or shuts down.
async fn sweep<G: Graph>(
    hub: Weak<Hub<G>>,
    idle: Duration,
    mut ticks: Interval,
    closing: CancellationToken,
) {
    loop {
        select! {
            _ = ticks.tick() => {}
            () = closing.cancelled() => return,
        }
        let Some(hub) = hub.upgrade() else { return };
        if let Some(since) = Instant::now().checked_sub(idle) {
            hub.close_idle(since);
        }
    }
}

/// Runs when the last handle of the server was dropped and no run is in progress.
impl<G: Graph> Drop for Hub<G> {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

/// Removes a slot from the map, unless its session already has another slot.
fn remove<G: Graph>(
    slots: &mut BTreeMap<SessionId, Arc<SessionSlot<G>>>,
    slot: &Arc<SessionSlot<G>>,
) {
    if slots.get(slot.session()).is_some_and(|known| Arc::ptr_eq(known, slot)) {
        slots.remove(slot.session());
    }
}

async fn close<G: Graph>(app: App<G>, session: &SessionId) {
    if let Err(error) = app.close().await {
        let error = chain(&error);
        tracing::error!(%session, error, "a session could not be closed");
    }
}

impl<G: Graph> fmt::Debug for Hub<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("graph", &G::TOPOLOGY.name)
            .field("sessions", &self.slots().len())
            .finish_non_exhaustive()
    }
}
