//! What the handles and the threads of a log have in common.

use crate::{
    answer::{Answer, Asked, answer},
    desk::{Committed, Desk, Patience},
    erasure::Erasure,
    fault::Fault,
    place::Number,
    queue::{Gathering, Line},
    reader::{Read, Reader},
    sync::lock,
    waiting::{News, Ticket, Waiting},
    write::Write,
};
use burdock::log::{Epoch, LogError, Offset, SessionId};
use std::{
    mem,
    path::PathBuf,
    sync::{Arc, Mutex},
};

/// What the handles and the threads of a log have in common.
pub(crate) struct Shared {
    pub(crate) path: PathBuf,
    pub(crate) writes: Gathering<Box<dyn Write>>,
    pub(crate) reads: Line<Read>,
    pub(crate) waiting: Waiting,
    pub(crate) erasure: Erasure,
    /// `None` before the file is open and after it is closed.
    pub(crate) desk: Mutex<Option<Desk>>,
    pub(crate) end: Mutex<End>,
}

pub(crate) enum End {
    /// Those who wait for it.
    Ahead(Vec<Asked<()>>),
    Over,
}

impl Shared {
    /// Reads how far a session is, for those who wait for it up to a ticket. If the ticket is one for
    /// the session that has an epoch, that is checked first.
    pub(crate) fn look_after(
        self: &Arc<Self>,
        session: SessionId,
        epoch: Option<Epoch>,
        ticket: Ticket,
    ) {
        let shared = Arc::clone(self);
        self.reads.push(Box::new(move |reader| {
            let Some(epoch) = epoch else { return shared.look(reader, &session, ticket) };
            match reader.next_in(&session, epoch) {
                // others may wait for the one that has the id now
                Err(Fault::Refused(LogError::NoSession { .. })) => {
                    shared.waiting.refuse(&session, ticket);
                }
                found => shared.tell(&session, ticket, &found),
            }
        }));
    }

    /// Reads how far each session is that somebody waits for.
    pub(crate) fn look_after_all(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        self.reads.push(Box::new(move |reader| {
            for (session, up_to) in shared.waiting.sessions() {
                shared.look(reader, &session, up_to);
            }
        }));
    }

    fn look(&self, reader: &Reader, session: &SessionId, up_to: Ticket) {
        self.tell(session, up_to, &reader.next(session));
    }

    fn tell(&self, session: &SessionId, up_to: Ticket, found: &Result<(Number, Offset), Fault>) {
        let news = match found {
            Ok((number, next)) => News::At(*number, *next),
            Err(Fault::Refused(LogError::NoSession { .. })) => News::Gone,
            Err(_) => News::Unknown,
        };
        for told in self.waiting.tell(session, up_to, news) {
            told.settle();
        }
    }

    /// Commits what waits.
    pub(crate) fn write(&self) {
        let mut desk = lock(&self.desk);
        let Some(open) = &mut *desk else { return };
        let writes = self.writes.take();
        if writes.is_empty() {
            // a caller was faster
            return;
        }
        let Ok(committed) = open.write(writes, &self.waiting, Patience::Waits) else { return };
        drop(desk);
        self.settle(committed);
        // nobody waits for it any more
        self.checkpoint();
    }

    /// Commits what waits on the thread of a caller, if that is as quick as to wake another thread;
    /// tells whether it did.
    pub(crate) fn write_here(&self) -> bool {
        let Ok(mut desk) = self.desk.try_lock() else { return false };
        let Some(open) = desk.as_mut().filter(|desk| desk.is_quick()) else { return false };
        let Some(writes) = self.writes.take_light() else { return false };
        if writes.is_empty() {
            // the thread was faster
            return true;
        }
        match open.write(writes, &self.waiting, Patience::GivesUp) {
            Ok(committed) => {
                let rouse = open.wants_checkpoint();
                drop(desk);
                self.settle(committed);
                if rouse {
                    self.writes.rouse();
                }
                true
            }
            Err(writes) => {
                self.writes.put_back(writes);
                false
            }
        }
    }

    fn settle(&self, committed: Committed) {
        // first, so that whoever hears of a deletion can wait for the erasure
        if committed.deleted() {
            self.erasure.request();
        }
        committed.settle();
    }

    /// Shortens the WAL if it has become long.
    pub(crate) fn checkpoint(&self) {
        let mut desk = lock(&self.desk);
        if let Some(desk) = desk.as_mut().filter(|desk| desk.wants_checkpoint()) {
            desk.checkpoint();
        }
    }

    /// Looks after those who wait if another process changed the file.
    pub(crate) fn look_elsewhere(self: &Arc<Self>) {
        if lock(&self.desk).as_mut().is_some_and(Desk::was_changed_elsewhere) {
            self.look_after_all();
        }
    }

    /// Takes no more work; what was handed over is still done.
    pub(crate) fn close(&self) {
        self.writes.close();
        self.reads.close();
        self.erasure.close();
        self.waiting.close();
    }

    /// Is ready when the file is closed.
    pub(crate) fn end(&self) -> Answer<()> {
        let (asked, answer) = answer();
        match &mut *lock(&self.end) {
            End::Ahead(waiting) => waiting.push(asked),
            End::Over => drop(asked),
        }
        answer
    }

    /// Tells that the file is closed.
    pub(crate) fn closed(&self) {
        let end = mem::replace(&mut *lock(&self.end), End::Over);
        drop(end);
    }
}
