//! The place of one session: its app while it is open, and whose turn it is with it.

use super::Readers;
use burdock::{App, Graph, Stopper, log::SessionId};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::{Mutex as InOrder, OwnedMutexGuard};

/// A session's app, or nothing while it is not open.
pub(super) type Held<G> = OwnedMutexGuard<Option<App<G>>>;

/// The place of one session.
pub(super) struct Seat<G: Graph> {
    session: SessionId,
    /// Held by the run that is under way; who waits for a turn gets it in order.
    app: Arc<InOrder<Option<App<G>>>>,
    now: Mutex<Now>,
    readers: Arc<Readers>,
}

struct Now {
    work: Work,
    used: Instant,
    /// How many wait for their turn.
    waiting: usize,
    /// How often everything was stopped that was asked for until then.
    stops: u64,
    /// How many turns there were.
    turns: u64,
    /// The session is being deleted, and whoever waits here looks for another place.
    gone: bool,
}

/// What is done with a session.
enum Work {
    Nothing,
    /// A run is to begin, for which the session may have to be opened first; it is to stop at once if
    /// somebody asked for that meanwhile.
    Beginning {
        stop: bool,
    },
    Running(Stopper),
}

impl<G: Graph> Seat<G> {
    pub(super) fn new(session: SessionId, readers: Arc<Readers>) -> Self {
        let now = Now {
            work: Work::Nothing,
            used: Instant::now(),
            waiting: 0,
            stops: 0,
            turns: 0,
            gone: false,
        };
        Self { session, app: Arc::default(), now: Mutex::new(now), readers }
    }

    pub(super) fn session(&self) -> &SessionId {
        &self.session
    }

    pub(super) fn is_running(&self) -> bool {
        !matches!(self.now().work, Work::Nothing)
    }

    pub(super) fn is_idle(&self, since: Instant) -> bool {
        let now = self.now();
        matches!(now.work, Work::Nothing) && now.used < since
    }

    pub(super) fn used(&self) -> Instant {
        self.now().used
    }

    pub(super) fn is_gone(&self) -> bool {
        self.now().gone
    }

    /// Has those who wait look for another place.
    pub(super) fn give_up(&self) {
        self.now().gone = true;
    }

    /// Stops the run that is under way or about to begin.
    pub(super) fn stop(&self) {
        match &mut self.now().work {
            Work::Nothing => {}
            Work::Beginning { stop } => *stop = true,
            Work::Running(stopper) => stopper.stop(),
        }
    }

    /// Stops the run that is under way, and those that wait for their turn.
    pub(super) fn stop_all(&self) {
        self.now().stops += 1;
        self.stop();
    }

    /// How often everything was stopped.
    pub(super) fn stops(&self) -> u64 {
        self.now().stops
    }

    /// Returns the number of the last turn; `None` while a run is about to start.
    pub(super) fn turn(&self) -> Option<u64> {
        let now = self.now();
        (!matches!(now.work, Work::Beginning { .. })).then_some(now.turns)
    }

    /// Joins the queue right behind a turn; returns `None` if another request did, or had the next turn.
    pub(super) fn queue_behind(&self, turn: u64) -> Option<Waiting<'_, G>> {
        let mut now = self.now();
        if now.turns != turn || now.waiting > 0 {
            return None;
        }
        now.waiting += 1;
        Some(Waiting(self))
    }

    /// Joins the queue of at most `limit` requests; returns `None` if it is full.
    pub(super) fn queue(&self, limit: usize) -> Option<Waiting<'_, G>> {
        let mut now = self.now();
        if now.waiting >= limit {
            return None;
        }
        now.waiting += 1;
        Some(Waiting(self))
    }

    pub(super) fn try_take(&self) -> Option<Held<G>> {
        Arc::clone(&self.app).try_lock_owned().ok()
    }

    pub(super) async fn take(&self) -> Held<G> {
        Arc::clone(&self.app).lock_owned().await
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for a turn until this is dropped.
pub(super) struct Waiting<'s, G: Graph>(&'s Seat<G>);

impl<G: Graph> Drop for Waiting<'_, G> {
    fn drop(&mut self) {
        self.0.now().waiting -= 1;
    }
}

/// Whose turn it is with a session.
pub(super) struct Turn<G: Graph> {
    // first, so that the next one who has a turn finds nothing that is under way
    at_work: AtWork<G>,
    pub(super) app: Held<G>,
}

impl<G: Graph> Turn<G> {
    /// For one who holds the session, and came when everything had been stopped so often.
    pub(super) fn new(seat: &Arc<Seat<G>>, app: Held<G>, stops: u64) -> Self {
        {
            let mut now = seat.now();
            now.turns += 1;
            now.work = Work::Beginning { stop: now.stops != stops };
        }
        Self { at_work: AtWork(Arc::clone(seat)), app }
    }

    pub(super) fn session(&self) -> &SessionId {
        self.at_work.0.session()
    }

    /// A run has begun that can be stopped.
    pub(super) fn running(&self, stopper: Stopper) {
        let mut now = self.at_work.0.now();
        if matches!(now.work, Work::Beginning { stop: true }) {
            stopper.stop();
        }
        now.work = Work::Running(stopper);
    }

    /// No run starts in this turn.
    pub(super) fn starts_nothing(&self) {
        self.at_work.0.now().work = Work::Nothing;
    }

    /// The run did not start and is tried again; a stop of it still applies.
    pub(super) fn begin_again(&self) {
        let mut now = self.at_work.0.now();
        if let Work::Running(stopper) = &now.work {
            now.work = Work::Beginning { stop: stopper.is_stopped() };
        }
    }
}

/// A run begins or is under way until this is dropped.
struct AtWork<G: Graph>(Arc<Seat<G>>);

impl<G: Graph> Drop for AtWork<G> {
    fn drop(&mut self) {
        {
            let mut now = self.0.now();
            now.work = Work::Nothing;
            now.used = Instant::now();
        }
        self.0.readers.tell_over(&self.0.session);
    }
}
