//! The state shared by the handles and the threads of a log.

use crate::{
    erasure::Erasure,
    error::Error,
    place::SessionNumber,
    queue::{Batching, ReadQueue, WriteQueue},
    reader::{Read, Reader},
    reply::{self, Reply, ReplySender},
    sync::lock,
    waiters::{SessionState, Ticket, Waiters},
    write::WriteJob,
    write_connection::{BusyPolicy, Committed, WriteConnection},
};
use burdock::log::{Epoch, LogError, LogInstance, Offset, SessionId};
use std::{
    mem,
    path::PathBuf,
    sync::{Arc, Mutex},
};

/// The state shared by the handles and the threads of a log.
pub(crate) struct Shared {
    pub(crate) path: PathBuf,
    pub(crate) instance: LogInstance,
    pub(crate) writes: WriteQueue<Box<dyn WriteJob>>,
    pub(crate) reads: ReadQueue<Read>,
    pub(crate) waiters: Waiters,
    pub(crate) erasure: Erasure,
    /// `None` before the file is open and after it is closed.
    pub(crate) writer: Mutex<Option<WriteConnection>>,
    pub(crate) close_state: Mutex<CloseState>,
}

pub(crate) enum CloseState {
    /// The callers that wait until the file is closed.
    Open(Vec<ReplySender<()>>),
    Closed,
}

impl Shared {
    /// Reads where a session ends and wakes its waiters up to a ticket. With an epoch, the waiter
    /// with the ticket is rejected unless the session has that epoch.
    pub(crate) fn check_waiter(
        self: &Arc<Self>,
        session: SessionId,
        epoch: Option<Epoch>,
        ticket: Ticket,
    ) {
        let shared = Arc::clone(self);
        self.reads.push(Box::new(move |reader| {
            let Some(epoch) = epoch else { return shared.check(reader, &session, ticket) };
            match reader.next_in(&session, epoch) {
                // other waiters may wait for the session that has the id now
                Err(Error::Rejected(LogError::NoSession { .. })) => {
                    shared.waiters.reject(&session, ticket);
                }
                found => shared.wake(&session, ticket, &found),
            }
        }));
    }

    /// Reads where each session with waiters ends, and wakes the waiters.
    pub(crate) fn check_all_waiters(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        self.reads.push(Box::new(move |reader| {
            for (session, up_to) in shared.waiters.sessions() {
                shared.check(reader, &session, up_to);
            }
        }));
    }

    fn check(&self, reader: &Reader, session: &SessionId, up_to: Ticket) {
        self.wake(session, up_to, &reader.next(session));
    }

    fn wake(
        &self,
        session: &SessionId,
        up_to: Ticket,
        found: &Result<(SessionNumber, Offset), Error>,
    ) {
        let state = match found {
            Ok((number, next)) => SessionState::At(*number, *next),
            Err(Error::Rejected(LogError::NoSession { .. })) => SessionState::Missing,
            Err(_) => SessionState::Unknown,
        };
        for wakeup in self.waiters.take(session, up_to, state) {
            wakeup.send();
        }
    }

    /// Commits the queued writes of the next transaction.
    pub(crate) fn write(&self) {
        let mut writer = lock(&self.writer);
        let Some(open) = &mut *writer else { return };
        let (jobs, batching) = self.writes.take();
        if jobs.is_empty() {
            // a caller has committed them
            return;
        }
        let Ok(committed) = open.write(jobs, batching, &self.waiters, BusyPolicy::Wait) else {
            return;
        };
        drop(writer);
        self.complete(committed);
        // after the replies, so that no caller waits for it
        self.checkpoint();
    }

    /// Commits the queued writes on the calling thread, if that is as fast as waking the writer
    /// thread. Returns whether it did.
    pub(crate) fn write_inline(&self) -> bool {
        let Ok(mut writer) = self.writer.try_lock() else { return false };
        let Some(open) = writer.as_mut().filter(|writer| writer.is_fast()) else { return false };
        let Some(jobs) = self.writes.take_inline() else { return false };
        if jobs.is_empty() {
            // the writer thread has committed them
            return true;
        }
        match open.write(jobs, Batching::Shared, &self.waiters, BusyPolicy::Fail) {
            Ok(committed) => {
                let checkpoint = open.wants_checkpoint();
                drop(writer);
                self.complete(committed);
                if checkpoint {
                    self.writes.request_wakeup();
                }
                true
            }
            Err(jobs) => {
                self.writes.push_front(jobs);
                false
            }
        }
    }

    fn complete(&self, committed: Committed) {
        // before the replies, so that a caller whose deletion is done can wait for the erasure
        if committed.deleted() {
            self.erasure.request();
        }
        committed.complete();
    }

    /// Runs a checkpoint if the write-ahead log has grown long.
    pub(crate) fn checkpoint(&self) {
        let mut writer = lock(&self.writer);
        if let Some(writer) = writer.as_mut().filter(|writer| writer.wants_checkpoint()) {
            writer.checkpoint();
        }
    }

    /// Checks all waiters if another process has changed the file.
    pub(crate) fn check_other_processes(self: &Arc<Self>) {
        if lock(&self.writer).as_mut().is_some_and(WriteConnection::changed_by_other_process) {
            self.check_all_waiters();
        }
    }

    /// Accepts no more work. Queued reads and writes are still run.
    pub(crate) fn close(&self) {
        self.writes.close();
        self.reads.close();
        self.erasure.close();
        self.waiters.close();
    }

    /// Returns a future that completes when the file is closed.
    pub(crate) fn closed(&self) -> Reply<()> {
        let (sender, reply) = reply::channel();
        match &mut *lock(&self.close_state) {
            CloseState::Open(waiting) => waiting.push(sender),
            CloseState::Closed => drop(sender),
        }
        reply
    }

    /// Wakes the callers that wait until the file is closed.
    pub(crate) fn set_closed(&self) {
        let state = mem::replace(&mut *lock(&self.close_state), CloseState::Closed);
        drop(state);
    }
}
