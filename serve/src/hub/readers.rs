//! Readers: limited in each session, and over all sessions.

use crate::{error::SessionError, limits::ReaderLimits};
use burdock::log::SessionId;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::CancellationToken;

type Rooms = Arc<Mutex<All>>;

/// The readers of all sessions.
#[derive(Debug, Default)]
struct All {
    /// Clients, over all sessions.
    clients: usize,
    rooms: BTreeMap<SessionId, Room>,
}

/// Those who read one session.
#[derive(Debug)]
struct Room {
    clients: usize,
    /// Readers of the program's own code.
    own: usize,
    /// Ready when a run is over, or the server shuts down.
    over: CancellationToken,
}

/// The readers of each session.
#[derive(Debug)]
pub(crate) struct Readers {
    rooms: Rooms,
    limits: ReaderLimits,
    closing: CancellationToken,
}

/// Counts as one reader until it is dropped.
#[derive(Debug)]
pub(crate) struct Reader {
    rooms: Rooms,
    session: SessionId,
    kind: ReaderKind,
}

/// Whose reader it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReaderKind {
    Client,
    Own,
}

impl Readers {
    pub(crate) fn new(limits: ReaderLimits, closing: CancellationToken) -> Self {
        Self { rooms: Rooms::default(), limits, closing }
    }

    /// Counts a client that reads a session.
    pub(crate) fn enter(&self, session: &SessionId) -> Result<Reader, SessionError> {
        let mut all = locked(&self.rooms);
        let read = all.rooms.get(session).map_or(0, |room| room.clients);
        for (clients, limit) in
            [(read, self.limits.of_a_session), (all.clients, self.limits.in_total)]
        {
            if clients >= limit {
                return Err(SessionError::TooManyReaders { limit });
            }
        }
        Ok(self.enter_as(&mut all, session, ReaderKind::Client))
    }

    /// Counts a reader of the program's own code, which the limits of clients do not concern.
    pub(crate) fn enter_own(&self, session: &SessionId) -> Reader {
        self.enter_as(&mut locked(&self.rooms), session, ReaderKind::Own)
    }

    fn enter_as(&self, all: &mut All, session: &SessionId, kind: ReaderKind) -> Reader {
        let empty = || Room { clients: 0, own: 0, over: self.closing.child_token() };
        let room = all.rooms.entry(session.clone()).or_insert_with(empty);
        match kind {
            ReaderKind::Client => {
                room.clients += 1;
                all.clients += 1;
            }
            ReaderKind::Own => room.own += 1,
        }
        Reader { rooms: Arc::clone(&self.rooms), session: session.clone(), kind }
    }

    /// Tells the readers of a session that no run is under way any more.
    pub(super) fn tell_over(&self, session: &SessionId) {
        if let Some(room) = locked(&self.rooms).rooms.get_mut(session) {
            // for what comes after
            let over = std::mem::replace(&mut room.over, self.closing.child_token());
            over.cancel();
        }
    }
}

impl Reader {
    /// Is ready when a run of the session is over from now on, or the server shuts down.
    pub(crate) fn over(&self) -> CancellationToken {
        locked(&self.rooms)
            .rooms
            .get(&self.session)
            .map(|room| room.over.clone())
            .unwrap_or_default()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut all = locked(&self.rooms);
        let All { clients, rooms } = &mut *all;
        let Some(room) = rooms.get_mut(&self.session) else { return };
        match self.kind {
            ReaderKind::Client => {
                room.clients -= 1;
                *clients -= 1;
            }
            ReaderKind::Own => room.own -= 1,
        }
        if room.clients == 0 && room.own == 0 {
            rooms.remove(&self.session);
        }
    }
}

fn locked(rooms: &Rooms) -> MutexGuard<'_, All> {
    rooms.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn readers(of_a_session: usize, in_total: usize, closing: CancellationToken) -> Readers {
        Readers::new(ReaderLimits { of_a_session, in_total }, closing)
    }

    #[test]
    fn readers_are_limited_over_all_sessions() {
        let readers = readers(2, 3, CancellationToken::new());
        let [a, b, c] = ["a", "b", "c"].map(|id| SessionId::new(id).unwrap());
        let held = [&a, &b, &c].map(|id| readers.enter(id).unwrap());
        assert_eq!(readers.enter(&a).unwrap_err().code(), "too_many_readers");
        drop(held);
        assert_eq!(readers.rooms.lock().unwrap().clients, 0);
        readers.enter(&a).unwrap();
    }

    #[test]
    fn a_session_has_so_many_readers_and_room_again_when_one_leaves() {
        let readers = readers(2, 10, CancellationToken::new());
        let (a, b) = (SessionId::new("a").unwrap(), SessionId::new("b").unwrap());
        let first = readers.enter(&a).unwrap();
        let _second = readers.enter(&a).unwrap();
        assert_eq!(readers.enter(&a).unwrap_err().code(), "too_many_readers");
        let _other = readers.enter(&b).unwrap();
        drop(first);
        drop(readers.enter(&a).unwrap());
        assert_eq!(readers.rooms.lock().unwrap().rooms.len(), 2);
    }

    #[test]
    fn readers_of_the_program_do_not_count_against_the_limits_of_clients() {
        let readers = readers(1, 1, CancellationToken::new());
        let a = SessionId::new("a").unwrap();
        let own = [readers.enter_own(&a), readers.enter_own(&a)];
        let client = readers.enter(&a).unwrap();
        assert_eq!(readers.enter(&a).unwrap_err().code(), "too_many_readers");
        drop(readers.enter_own(&a));
        drop(client);
        drop(readers.enter(&a).unwrap());
        drop(own);
        assert_eq!(readers.rooms.lock().unwrap().rooms.len(), 0);
    }

    #[test]
    fn those_who_read_are_told_and_those_who_come_after_are_not() {
        let closing = CancellationToken::new();
        let readers = readers(2, 10, closing.clone());
        let [a, b] = ["a", "b"].map(|id| SessionId::new(id).unwrap());
        let (reader, other) = (readers.enter(&a).unwrap(), readers.enter(&b).unwrap());
        let [before, elsewhere] = [&reader, &other].map(Reader::over);
        readers.tell_over(&a);
        let after = reader.over();
        let told = || [&before, &elsewhere, &after].map(CancellationToken::is_cancelled);
        assert_eq!(told(), [true, false, false]);
        closing.cancel();
        assert_eq!(told(), [true, true, true]);
    }
}
