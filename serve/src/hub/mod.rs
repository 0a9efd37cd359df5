//! Who owns the runs: they go on when their readers leave, one at a time in each session.
//!
//! A session that was asked to run is open here until it was idle for a while; reading opens
//! nothing. Each run is a task that the hub joins when it shuts down.

mod begin;
mod fate;
mod fork;
mod inputs;
mod look;
mod readers;
mod seat;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;

pub(crate) use self::begin::{Begin, Terms};
pub use self::begin::{IfRunning, IfUnfinished};
pub(crate) use self::inputs::RunInputs;
pub(crate) use self::readers::Reader;

use self::{
    readers::Readers,
    seat::{Seat, Turn},
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

/// Opens a session for writing.
pub(crate) type Open<G> = Box<dyn Fn(SessionId, Existence) -> Opening<G> + Send + Sync>;

/// The session that is being opened.
pub(crate) type Opening<G> = Pin<Box<dyn Future<Output = Result<App<G>, BuildError>> + Send>>;

/// How many idle sessions are closed at a time when there is no room.
const ROOM: usize = 8;

/// How long a request waits for room.
const PATIENCE: Duration = Duration::from_secs(2);

/// The sessions of a server.
pub(crate) struct Hub<G: Graph> {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) limits: Limits,
    pub(crate) readiness: Readiness,
    readers: Arc<Readers>,
    opening: Open<G>,
    seats: Mutex<BTreeMap<SessionId, Arc<Seat<G>>>>,
    runs: TaskTracker,
    /// Closes idle sessions.
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
            opening: open,
            seats: Mutex::default(),
            runs: TaskTracker::new(),
            sweeper: Mutex::default(),
            closing,
        }
    }

    /// Ready when the server shuts down.
    pub(crate) fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// Lets one more client in that reads.
    pub(crate) fn reader(&self, session: &SessionId) -> Result<Reader, SessionError> {
        if self.closing.is_cancelled() {
            return Err(SessionError::ShuttingDown);
        }
        self.readers.enter(session)
    }

    /// Lets a reader of the program's own code in.
    pub(crate) fn own_reader(&self, session: &SessionId) -> Result<Reader, SessionError> {
        if self.closing.is_cancelled() {
            return Err(SessionError::ShuttingDown);
        }
        Ok(self.readers.enter_own(session))
    }

    /// Describes a session of this graph; one of another graph does not exist here.
    pub(crate) async fn info(&self, session: &SessionId) -> Result<SessionInfo, SessionError> {
        let info = match self.log.info(session).await {
            // its entries are lost, but whose it is may be known, so that it can be deleted
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

    /// How many sessions are open for writing.
    pub(crate) fn open(&self) -> usize {
        self.seats().len()
    }

    /// Whether a run of the session is under way here.
    pub(crate) fn is_running(&self, session: &SessionId) -> bool {
        self.seats().get(session).is_some_and(|seat| seat.is_running())
    }

    /// Asks the run of a session to stop, if one is under way here.
    pub(crate) fn stop(&self, session: &SessionId) {
        let seat = self.seats().get(session).cloned();
        if let Some(seat) = seat {
            seat.stop();
        }
    }

    /// The place of a session, where its app is while it is open. Idle sessions make room.
    async fn seat(self: &Arc<Self>, session: &SessionId) -> Result<Arc<Seat<G>>, SessionError> {
        self.sweep()?;
        if let Some(seat) = self.try_seat(session)? {
            return Ok(seat);
        }
        self.make_room().await;
        self.try_seat(session)?.ok_or(SessionError::TooManySessions)
    }

    /// The same, unless there is no room.
    fn try_seat(&self, session: &SessionId) -> Result<Option<Arc<Seat<G>>>, SessionError> {
        if self.closing.is_cancelled() {
            return Err(SessionError::ShuttingDown);
        }
        let mut seats = self.seats();
        if let Some(seat) = seats.get(session) {
            return Ok(Some(Arc::clone(seat)));
        }
        if seats.len() >= self.limits.sessions {
            return Ok(None);
        }
        let seat = Arc::new(Seat::new(session.clone(), Arc::clone(&self.readers)));
        seats.insert(session.clone(), Arc::clone(&seat));
        Ok(Some(seat))
    }

    /// Forgets the place of a session that could not be opened.
    fn leave(&self, seat: &Arc<Seat<G>>) {
        let mut seats = self.seats();
        let empty = seat.try_take().is_some_and(|app| app.is_none());
        // the map and the one who leaves
        if empty && Arc::strong_count(seat) <= 2 {
            forget(&mut seats, seat);
        }
    }

    /// Puts a session away that is idle, if there is one; does not wait for long.
    async fn make_room(self: &Arc<Self>) {
        let now = Instant::now();
        let mut idle: Vec<_> =
            self.seats().values().filter(|seat| seat.is_idle(now)).cloned().collect();
        idle.sort_by_key(|seat| seat.used());
        idle.truncate(ROOM);
        let (sender, mut made) = mpsc::channel(1);
        for seat in idle {
            let sender = sender.clone();
            let away = self.put_away(seat, now);
            self.runs.spawn(async move {
                away.await;
                let _ = sender.try_send(());
            });
        }
        drop(sender);
        // one that takes its time makes room later
        drop(timeout(PATIENCE, made.recv()).await);
    }

    /// Puts sessions away that nobody asked for anything since a moment.
    pub(crate) fn put_away_idle(self: &Arc<Self>, since: Instant) {
        let idle: Vec<_> =
            self.seats().values().filter(|seat| seat.is_idle(since)).cloned().collect();
        for seat in idle {
            // each by itself: a blocking action may keep one from being closed
            self.runs.spawn(self.put_away(seat, since));
        }
    }

    /// Starts the task that closes idle sessions, unless it runs. It ends with the runtime that it was started
    /// in, with the server, and with the shutdown.
    fn sweep(self: &Arc<Self>) -> Result<(), SessionError> {
        if self.closing.is_cancelled() {
            return Err(SessionError::ShuttingDown);
        }
        let runtime = Handle::try_current().map_err(|_| SessionError::OutsideRuntime)?;
        let mut sweeper = self.sweeper.lock().unwrap_or_else(PoisonError::into_inner);
        if sweeper.as_ref().is_none_or(AbortHandle::is_finished) {
            let idle = self.limits.idle;
            // made here, so that a runtime without timers panics in the caller and not in a task
            let ticks = interval((idle / 4).max(Duration::from_millis(10)));
            let closing = self.closing.clone();
            let task = runtime.spawn(sweep(Arc::downgrade(self), idle, ticks, closing));
            *sweeper = Some(task.abort_handle());
        }
        Ok(())
    }

    /// Closes a session unless it is at work again, and forgets it.
    fn put_away(
        self: &Arc<Self>,
        seat: Arc<Seat<G>>,
        since: Instant,
    ) -> impl Future<Output = ()> + Send + 'static {
        let hub = Arc::clone(self);
        async move {
            // who asks for the session meanwhile waits for the lock and opens it again
            let Some(mut app) = seat.try_take() else { return };
            if let Some(app) = app.take() {
                close(app, seat.session()).await;
            }
            let mut seats = hub.seats();
            // this task and the map
            if seat.is_idle(since) && Arc::strong_count(&seat) <= 2 {
                forget(&mut seats, &seat);
            }
        }
    }

    /// Stops runs at a commit, and closes every session.
    pub(crate) async fn shut_down(&self) {
        self.closing.cancel();
        self.runs.close();
        let seats: Vec<_> = self.seats().values().cloned().collect();
        for seat in &seats {
            seat.stop();
        }
        self.runs.wait().await;
        for seat in seats {
            if let Some(app) = seat.take().await.take() {
                close(app, seat.session()).await;
            }
        }
        self.seats().clear();
    }

    /// Puts a session that has ended at its start.
    pub(crate) async fn reopen(self: &Arc<Self>, session: &SessionId) -> Result<(), SessionError> {
        loop {
            let seat = self.seat(session).await?;
            let Some(mut turn) = self.turn(&seat, IfRunning::Reject).await? else { continue };
            turn.starts_nothing();
            let hub = Arc::clone(self);
            return self.in_task(seat, async move { hub.reopen_on(&mut turn).await }).await;
        }
    }

    async fn reopen_on(&self, turn: &mut Turn<G>) -> Result<(), SessionError> {
        self.ready(turn, Existence::Existing).await?;
        let Some(app) = turn.app.as_mut() else { return Ok(()) };
        let mut reopened = app.reopen();
        if reopened.is_ok() {
            reopened = app.flush().await;
            if reopened.is_err() {
                // whether the log has it is for the next one to find out
                *turn.app = None;
            }
        }
        reopened.map_err(|error| SessionError::of_run(turn.session(), error))
    }

    /// Removes a session with all that it has; runs that were asked for before stop.
    pub(crate) async fn delete(&self, session: &SessionId) -> Result<(), SessionError> {
        let Some(seat) = self.try_seat(session)? else {
            return Ok(self.log.delete(session).await?);
        };
        seat.stop_all();
        let mut app = seat.take().await;
        // without a last entry: there is nothing to come back to
        drop(app.take());
        // dropped before the lock, also when nobody waits for the answer any more
        let _deleting = Deleting::new(self, &seat);
        Ok(self.log.delete(session).await?)
    }

    fn seats(&self) -> MutexGuard<'_, BTreeMap<SessionId, Arc<Seat<G>>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes idle sessions until the server is gone or shuts down.
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
            hub.put_away_idle(since);
        }
    }
}

/// The last handle of the server is gone, and no run is in progress.
impl<G: Graph> Drop for Hub<G> {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

/// Takes a place away, unless there is another one for its session by now.
fn forget<G: Graph>(seats: &mut BTreeMap<SessionId, Arc<Seat<G>>>, seat: &Arc<Seat<G>>) {
    if seats.get(seat.session()).is_some_and(|known| Arc::ptr_eq(known, seat)) {
        seats.remove(seat.session());
    }
}

/// While it is there, who comes for the session waits; afterwards they get another place.
struct Deleting<'h, G: Graph>(&'h Hub<G>, &'h Arc<Seat<G>>);

impl<'h, G: Graph> Deleting<'h, G> {
    fn new(hub: &'h Hub<G>, seat: &'h Arc<Seat<G>>) -> Self {
        seat.give_up();
        Self(hub, seat)
    }
}

impl<G: Graph> Drop for Deleting<'_, G> {
    fn drop(&mut self) {
        forget(&mut self.0.seats(), self.1);
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
            .field("sessions", &self.seats().len())
            .finish_non_exhaustive()
    }
}
