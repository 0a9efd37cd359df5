//! Readers: limited in each session, and over all sessions.

use crate::{limits::ReaderLimits, problem::Problem};
use axum::http::StatusCode;
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
    count: usize,
    rooms: BTreeMap<SessionId, Room>,
}

/// Those who read one session.
#[derive(Debug)]
struct Room {
    count: usize,
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
}

impl Readers {
    pub(crate) fn new(limits: ReaderLimits, closing: CancellationToken) -> Self {
        Self { rooms: Rooms::default(), limits, closing }
    }

    pub(crate) fn enter(&self, session: &SessionId) -> Result<Reader, Problem> {
        let mut all = locked(&self.rooms);
        let All { count, rooms } = &mut *all;
        let read = rooms.get(session).map_or(0, |room| room.count);
        if read >= self.limits.of_a_session {
            return Err(too_many(format!("the session has {read} readers already")));
        }
        if *count >= self.limits.in_total {
            return Err(too_many(format!("the server has {count} readers already")));
        }
        *count += 1;
        let empty = || Room { count: 0, over: self.closing.child_token() };
        rooms.entry(session.clone()).or_insert_with(empty).count += 1;
        Ok(Reader { rooms: Arc::clone(&self.rooms), session: session.clone() })
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
        let All { count, rooms } = &mut *all;
        *count -= 1;
        if let Some(room) = rooms.get_mut(&self.session) {
            room.count -= 1;
            if room.count == 0 {
                rooms.remove(&self.session);
            }
        }
    }
}

fn too_many(detail: String) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_readers", detail)
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
        assert_eq!(readers.rooms.lock().unwrap().count, 0);
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
