//! Who reads: so many at a time in each session.

use crate::problem::Problem;
use axum::http::StatusCode;
use burdock::log::SessionId;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

type Counts = Arc<Mutex<BTreeMap<SessionId, usize>>>;

/// Counts the readers of each session.
#[derive(Debug)]
pub(crate) struct Readers {
    counts: Counts,
    limit: usize,
}

/// Counts as one reader until it is dropped.
#[derive(Debug)]
pub(crate) struct Reader {
    counts: Counts,
    session: SessionId,
}

impl Readers {
    pub(crate) fn new(limit: usize) -> Self {
        Self { counts: Counts::default(), limit }
    }

    pub(crate) fn enter(&self, session: &SessionId) -> Result<Reader, Problem> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(session.clone()).or_default();
        if *count >= self.limit {
            let detail = format!("the session has {count} readers already");
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_readers", detail));
        }
        *count += 1;
        Ok(Reader { counts: Arc::clone(&self.counts), session: session.clone() })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.session) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_so_many_readers_and_room_again_when_one_leaves() {
        let readers = Readers::new(2);
        let (a, b) = (SessionId::new("a").unwrap(), SessionId::new("b").unwrap());
        let first = readers.enter(&a).unwrap();
        let _second = readers.enter(&a).unwrap();
        assert_eq!(readers.enter(&a).unwrap_err().code(), "too_many_readers");
        let _other = readers.enter(&b).unwrap();
        drop(first);
        drop(readers.enter(&a).unwrap());
        assert_eq!(readers.counts.lock().unwrap().len(), 2);
    }
}
