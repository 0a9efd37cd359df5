//! Who reads: so many at a time in each session.

use crate::problem::Problem;
use axum::http::StatusCode;
use burdock::log::SessionId;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::CancellationToken;

type Rooms = Arc<Mutex<BTreeMap<SessionId, Room>>>;

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
    limit: usize,
    closing: CancellationToken,
}

/// Counts as one reader until it is dropped.
#[derive(Debug)]
pub(crate) struct Reader {
    rooms: Rooms,
    session: SessionId,
}

impl Readers {
    pub(crate) fn new(limit: usize, closing: CancellationToken) -> Self {
        Self { rooms: Rooms::default(), limit, closing }
    }

    pub(crate) fn enter(&self, session: &SessionId) -> Result<Reader, Problem> {
        let mut rooms = locked(&self.rooms);
        let empty = || Room { count: 0, over: self.closing.child_token() };
        let room = rooms.entry(session.clone()).or_insert_with(empty);
        if room.count >= self.limit {
            let detail = format!("the session has {} readers already", room.count);
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_readers", detail));
        }
        room.count += 1;
        Ok(Reader { rooms: Arc::clone(&self.rooms), session: session.clone() })
    }

    /// Tells the readers of a session that no run is under way any more.
    pub(super) fn tell_over(&self, session: &SessionId) {
        if let Some(room) = locked(&self.rooms).get_mut(session) {
            // for what comes after
            let over = std::mem::replace(&mut room.over, self.closing.child_token());
            over.cancel();
        }
    }
}

impl Reader {
    /// Is ready when a run of the session is over from now on, or the server shuts down.
    pub(crate) fn over(&self) -> CancellationToken {
        locked(&self.rooms).get(&self.session).map(|room| room.over.clone()).unwrap_or_default()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut rooms = locked(&self.rooms);
        if let Some(room) = rooms.get_mut(&self.session) {
            room.count -= 1;
            if room.count == 0 {
                rooms.remove(&self.session);
            }
        }
    }
}

fn locked(rooms: &Rooms) -> MutexGuard<'_, BTreeMap<SessionId, Room>> {
    rooms.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_so_many_readers_and_room_again_when_one_leaves() {
        let readers = Readers::new(2, CancellationToken::new());
        let (a, b) = (SessionId::new("a").unwrap(), SessionId::new("b").unwrap());
        let first = readers.enter(&a).unwrap();
        let _second = readers.enter(&a).unwrap();
        assert_eq!(readers.enter(&a).unwrap_err().code(), "too_many_readers");
        let _other = readers.enter(&b).unwrap();
        drop(first);
        drop(readers.enter(&a).unwrap());
        assert_eq!(readers.rooms.lock().unwrap().len(), 2);
    }

    #[test]
    fn those_who_read_are_told_and_those_who_come_after_are_not() {
        let closing = CancellationToken::new();
        let readers = Readers::new(2, closing.clone());
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
