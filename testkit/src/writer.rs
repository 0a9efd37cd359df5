//! A writer of a session that records what it has sent.

use crate::entries;
use burdock::log::{
    Append, Claim, Epoch, Log, LogError, LogFuture, NewEntry, Offset, Opened, Record, SessionId,
    Urgency,
};
use std::sync::Arc;

/// A writer of a session. Like a program, it tracks the offset of its next entry.
pub(crate) struct Writer {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) session: SessionId,
    pub(crate) epoch: Epoch,
    pub(crate) next: Offset,
    pub(crate) opened: Opened,
    /// The entries that were sent, as readers must see them.
    pub(crate) sent: Vec<Record>,
}

impl Writer {
    pub(crate) async fn open(
        log: &Arc<dyn Log>,
        session: &SessionId,
        claim: Claim,
    ) -> Result<Self, LogError> {
        let opened = log.open(session, claim).await?;
        Ok(Self {
            log: Arc::clone(log),
            session: session.clone(),
            epoch: opened.epoch,
            next: opened.next,
            opened,
            sent: Vec::new(),
        })
    }

    /// Appends entries without waiting.
    pub(crate) fn send(&mut self, entries: Vec<NewEntry>, urgency: Urgency) -> LogFuture<()> {
        let at = self.next;
        for entry in &entries {
            let json = Arc::clone(&entry.json);
            self.sent.push(Record::new(self.next, self.epoch, json));
            self.next = self.next.plus(1);
        }
        self.send_at(at, entries, urgency)
    }

    /// Appends entries at any offset without waiting. Does not track them.
    pub(crate) fn send_at(
        &self,
        at: Offset,
        entries: Vec<NewEntry>,
        urgency: Urgency,
    ) -> LogFuture<()> {
        let (session, epoch) = (self.session.clone(), self.epoch);
        self.log.append(Append::new(session, epoch, at, entries).urgency(urgency))
    }

    /// Appends entries and waits.
    pub(crate) async fn append(&mut self, entries: Vec<NewEntry>) -> Result<(), LogError> {
        self.send(entries, Urgency::Now).await
    }

    /// Appends entries at any offset and waits. Does not track them.
    pub(crate) async fn append_at(
        &self,
        at: Offset,
        entries: Vec<NewEntry>,
    ) -> Result<(), LogError> {
        self.send_at(at, entries, Urgency::Now).await
    }

    /// Appends numbered entries, in one append each, all of them concurrently.
    pub(crate) async fn write(&mut self, entries: u64) -> Result<(), LogError> {
        let places = self.next.0..self.next.0 + entries;
        let mut pending = Vec::new();
        for place in places {
            pending.push(self.send(vec![entries::numbered(place)?], Urgency::Now));
        }
        for append in pending {
            append.await?;
        }
        Ok(())
    }

    /// Opens the session again, which fences this writer.
    pub(crate) async fn successor(&self) -> Result<Self, LogError> {
        Self::open(&self.log, &self.session, Claim::default()).await
    }
}
