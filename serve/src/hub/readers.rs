//! Readers, with limits per session and for all sessions together.

use crate::{error::SessionError, limits::ReaderLimits};
use burdock::log::SessionId;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::CancellationToken;

type SharedCounts = Arc<Mutex<ReaderCounts>>;

/// The numbers of readers of all sessions.
#[derive(Debug, Default)]
struct ReaderCounts {
    /// Clients of all sessions.
    clients: usize,
    sessions: BTreeMap<SessionId, ReaderCount>,
}

/// The number of readers of one session.
#[derive(Debug)]
struct ReaderCount {
    clients: usize,
    /// Readers in the program's own code.
    internal: usize,
    /// Cancelled when the next run is over, or the server shuts down.
    run_over: CancellationToken,
}

/// The readers of each session.
#[derive(Debug)]
pub(crate) struct Readers {
    counts: SharedCounts,
    limits: ReaderLimits,
    closing: CancellationToken,
}

/// A reader of a session. It is counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Reader {
    counts: SharedCounts,
    session: SessionId,
    kind: ReaderKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReaderKind {
    Client,
    /// Code of the program.
    Internal,
}

impl Readers {
    pub(crate) fn new(limits: ReaderLimits, closing: CancellationToken) -> Self {
        Self { counts: SharedCounts::default(), limits, closing }
    }

    /// Admits a client as a reader of a session, within the limits.
    pub(crate) fn admit_client(&self, session: &SessionId) -> Result<Reader, SessionError> {
        let mut counts = locked(&self.counts);
        let of_session = counts.sessions.get(session).map_or(0, |count| count.clients);
        for (clients, limit) in
            [(of_session, self.limits.per_session), (counts.clients, self.limits.total)]
        {
            if clients >= limit {
                return Err(SessionError::TooManyReaders { limit });
            }
        }
        Ok(self.admit(&mut counts, session, ReaderKind::Client))
    }

    /// Admits a reader in the program's own code. The limits are for clients and do not apply.
    pub(crate) fn admit_internal(&self, session: &SessionId) -> Reader {
        self.admit(&mut locked(&self.counts), session, ReaderKind::Internal)
    }

    fn admit(&self, counts: &mut ReaderCounts, session: &SessionId, kind: ReaderKind) -> Reader {
        let empty =
            || ReaderCount { clients: 0, internal: 0, run_over: self.closing.child_token() };
        let count = counts.sessions.entry(session.clone()).or_insert_with(empty);
        match kind {
            ReaderKind::Client => {
                count.clients += 1;
                counts.clients += 1;
            }
            ReaderKind::Internal => count.internal += 1,
        }
        Reader { counts: Arc::clone(&self.counts), session: session.clone(), kind }
    }

    /// Notifies the readers of a session that its run is over.
    pub(super) fn notify_run_over(&self, session: &SessionId) {
        if let Some(count) = locked(&self.counts).sessions.get_mut(session) {
            // a new token for the next run
            let over = std::mem::replace(&mut count.run_over, self.closing.child_token());
            over.cancel();
        }
    }
}

impl Reader {
    /// Returns a token that is cancelled when a run of the session is over after this call, or the server shuts
    /// down.
    pub(crate) fn run_over(&self) -> CancellationToken {
        locked(&self.counts)
            .sessions
            .get(&self.session)
            .map(|count| count.run_over.clone())
            .unwrap_or_default()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut counts = locked(&self.counts);
        let ReaderCounts { clients, sessions } = &mut *counts;
        let Some(count) = sessions.get_mut(&self.session) else { return };
        match self.kind {
            ReaderKind::Client => {
                count.clients -= 1;
                *clients -= 1;
            }
            ReaderKind::Internal => count.internal -= 1,
        }
        if count.clients == 0 && count.internal == 0 {
            sessions.remove(&self.session);
        }
    }
}

fn locked(counts: &SharedCounts) -> MutexGuard<'_, ReaderCounts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn readers(per_session: usize, total: usize, closing: CancellationToken) -> Readers {
        Readers::new(ReaderLimits { per_session, total }, closing)
    }

    #[test]
    fn readers_of_all_sessions_together_are_limited() {
        let readers = readers(2, 3, CancellationToken::new());
        let [a, b, c] = ["a", "b", "c"].map(|id| SessionId::new(id).unwrap());
        let held = [&a, &b, &c].map(|id| readers.admit_client(id).unwrap());
        assert_eq!(readers.admit_client(&a).unwrap_err().code(), "too_many_readers");
        drop(held);
        assert_eq!(readers.counts.lock().unwrap().clients, 0);
        readers.admit_client(&a).unwrap();
    }

    #[test]
    fn readers_of_a_session_are_limited_until_one_of_them_is_dropped() {
        let readers = readers(2, 10, CancellationToken::new());
        let (a, b) = (SessionId::new("a").unwrap(), SessionId::new("b").unwrap());
        let first = readers.admit_client(&a).unwrap();
        let _second = readers.admit_client(&a).unwrap();
        assert_eq!(readers.admit_client(&a).unwrap_err().code(), "too_many_readers");
        let _other = readers.admit_client(&b).unwrap();
        drop(first);
        drop(readers.admit_client(&a).unwrap());
        assert_eq!(readers.counts.lock().unwrap().sessions.len(), 2);
    }

    #[test]
    fn internal_readers_do_not_count_against_the_limits_of_clients() {
        let readers = readers(1, 1, CancellationToken::new());
        let a = SessionId::new("a").unwrap();
        let internal = [readers.admit_internal(&a), readers.admit_internal(&a)];
        let client = readers.admit_client(&a).unwrap();
        assert_eq!(readers.admit_client(&a).unwrap_err().code(), "too_many_readers");
        drop(readers.admit_internal(&a));
        drop(client);
        drop(readers.admit_client(&a).unwrap());
        drop(internal);
        assert_eq!(readers.counts.lock().unwrap().sessions.len(), 0);
    }

    #[test]
    fn only_tokens_from_before_the_end_of_a_run_are_cancelled_by_it() {
        let closing = CancellationToken::new();
        let readers = readers(2, 10, closing.clone());
        let [a, b] = ["a", "b"].map(|id| SessionId::new(id).unwrap());
        let (reader, other) =
            (readers.admit_client(&a).unwrap(), readers.admit_client(&b).unwrap());
        let [before, elsewhere] = [&reader, &other].map(Reader::run_over);
        readers.notify_run_over(&a);
        let after = reader.run_over();
        let cancelled = || [&before, &elsewhere, &after].map(CancellationToken::is_cancelled);
        assert_eq!(cancelled(), [true, false, false]);
        closing.cancel();
        assert_eq!(cancelled(), [true, true, true]);
    }
}
