//! Who owns the runs: they go on when their readers leave, one at a time in each session.
//!
//! A session that was asked to run is open here until it was idle for a while; reading opens
//! nothing. Each run is a task that the hub joins when it shuts down.

mod readers;
mod seat;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;

pub(crate) use self::readers::Reader;
pub(crate) use self::seat::{Begin, IfRunning, IfUnfinished, Terms};

use self::{readers::Readers, seat::Seat};
use crate::{limits::Limits, problem::Problem, routes::Schemas};
use burdock::{
    App, Graph,
    log::{Cursor, Existence, Log, SessionId},
    run::BuildError,
};
use std::{
    collections::BTreeMap,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Opens a session for writing.
pub(crate) type Open<G> = Box<
    dyn Fn(SessionId, Existence) -> Pin<Box<dyn Future<Output = Result<App<G>, BuildError>> + Send>>
        + Send
        + Sync,
>;

/// The sessions of a server.
pub(crate) struct Hub<G: Graph> {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) limits: Limits,
    pub(crate) schemas: Schemas,
    readers: Readers,
    opening: Open<G>,
    seats: Mutex<BTreeMap<SessionId, Arc<Seat<G>>>>,
    runs: TaskTracker,
    closing: CancellationToken,
}

impl<G: Graph> Hub<G> {
    pub(crate) fn new(log: Arc<dyn Log>, limits: Limits, schemas: Schemas, open: Open<G>) -> Self {
        let closing = CancellationToken::new();
        Self {
            log,
            readers: Readers::new(limits.readers, closing.clone()),
            limits,
            schemas,
            opening: open,
            seats: Mutex::default(),
            runs: TaskTracker::new(),
            closing,
        }
    }

    /// Ready when the server shuts down.
    pub(crate) fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// Lets one more reader in.
    pub(crate) fn reader(&self, session: &SessionId) -> Result<Reader, Problem> {
        if self.closing.is_cancelled() {
            return Err(Problem::shutting_down());
        }
        self.readers.enter(session)
    }

    /// How many sessions are open for writing.
    pub(crate) fn open(&self) -> usize {
        self.seats().len()
    }

    /// Whether a run of the session is under way here.
    pub(crate) fn is_running(&self, session: &SessionId) -> bool {
        self.seats().get(session).is_some_and(|seat| seat.is_running())
    }

    /// Reads a session, and whether a run is under way in what was read: `at` tells the place of that,
    /// and whether a run is unfinished there.
    pub(crate) async fn look<T, R: Future<Output = Result<T, Problem>>>(
        &self,
        session: &SessionId,
        read: impl Fn() -> R,
        at: impl Fn(&T) -> (Cursor, bool),
    ) -> Result<(T, bool), Problem> {
        let mut seen = read().await?;
        loop {
            let running = self.is_running(session);
            let (cursor, unfinished) = at(&seen);
            if running || !unfinished {
                return Ok((seen, running && unfinished));
            }
            // the run may have come to its end between the two: then there is more to read
            seen = read().await?;
            if at(&seen).0 == cursor {
                return Ok((seen, false));
            }
        }
    }

    /// Asks the run of a session to stop, if one is under way here.
    pub(crate) fn stop(&self, session: &SessionId) {
        let seat = self.seats().get(session).cloned();
        if let Some(seat) = seat {
            seat.stop();
        }
    }

    /// The place of a session, where its app is while it is open. Idle sessions make room.
    async fn seat(&self, session: &SessionId) -> Result<Arc<Seat<G>>, Problem> {
        if let Some(seat) = self.try_seat(session)? {
            return Ok(seat);
        }
        self.put_away_idle(Instant::now()).await;
        let full = || {
            let detail = "too many sessions are at work: try again later";
            Problem::unavailable("too_many_sessions", detail)
        };
        self.try_seat(session)?.ok_or_else(full)
    }

    /// The same, unless there is no room.
    fn try_seat(&self, session: &SessionId) -> Result<Option<Arc<Seat<G>>>, Problem> {
        if self.closing.is_cancelled() {
            return Err(Problem::shutting_down());
        }
        let mut seats = self.seats();
        if let Some(seat) = seats.get(session) {
            return Ok(Some(Arc::clone(seat)));
        }
        if seats.len() >= self.limits.sessions {
            return Ok(None);
        }
        let seat = Arc::new(Seat::new(session.clone()));
        seats.insert(session.clone(), Arc::clone(&seat));
        Ok(Some(seat))
    }

    /// Forgets the place of a session that could not be opened.
    fn leave(&self, seat: &Arc<Seat<G>>) {
        let mut seats = self.seats();
        let empty = seat.try_take().is_some_and(|app| app.is_none());
        // the map and the one who leaves
        if empty && Arc::strong_count(seat) <= 2 {
            seats.remove(seat.session());
        }
    }

    /// Puts sessions away that nobody asked for anything since a moment.
    pub(crate) async fn put_away_idle(&self, since: Instant) {
        let idle: Vec<_> =
            self.seats().values().filter(|seat| seat.is_idle(since)).cloned().collect();
        for seat in idle {
            self.put_away(&seat, since).await;
        }
    }

    /// Closes a session unless it is at work again, and forgets it.
    async fn put_away(&self, seat: &Arc<Seat<G>>, since: Instant) {
        // who asks for the session meanwhile waits for the lock and opens it again
        let Some(mut app) = seat.try_take() else { return };
        if let Some(app) = app.take() {
            close(app, seat.session()).await;
        }
        let mut seats = self.seats();
        // this list and the one who closes
        if seat.is_idle(since) && Arc::strong_count(seat) <= 2 {
            seats.remove(seat.session());
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
    pub(crate) async fn reopen(&self, session: &SessionId) -> Result<(), Problem> {
        let seat = self.seat(session).await?;
        let mut turn = self.turn(&seat, IfRunning::Reject).await?;
        let ready = self.ready(&mut turn, Existence::Existing).await;
        let reopened = ready.and_then(|()| match turn.app.as_mut().map(App::reopen) {
            Some(Err(error)) => Err(error.into()),
            Some(Ok(())) | None => Ok(()),
        });
        drop(turn);
        self.leave(&seat);
        reopened
    }

    /// Removes a session with all that it has.
    pub(crate) async fn delete(&self, session: &SessionId) -> Result<(), Problem> {
        let seat = self.seats().get(session).cloned();
        let app = match &seat {
            Some(seat) => {
                seat.stop();
                Some(seat.take().await)
            }
            None => None,
        };
        // without a last entry: there is nothing to come back to
        if let Some(mut app) = app {
            drop(app.take());
        }
        self.log.delete(session).await?;
        self.seats().remove(session);
        Ok(())
    }

    fn seats(&self) -> MutexGuard<'_, BTreeMap<SessionId, Arc<Seat<G>>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn close<G: Graph>(app: App<G>, session: &SessionId) {
    if let Err(error) = app.close().await {
        let error = crate::problem::chain(&error);
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
