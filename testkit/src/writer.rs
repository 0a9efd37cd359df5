//! One opening of a session, and what it wrote.

use crate::entries;
use burdock::log::{
    Append, Claim, Draft, Epoch, Log, LogError, Logging, Offset, Opened, Record, SessionId, Urgency,
};
use std::sync::Arc;

/// One opening of a session. It counts where the next entry goes, as a program does.
pub(crate) struct Writer {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) session: SessionId,
    pub(crate) epoch: Epoch,
    pub(crate) next: Offset,
    pub(crate) opened: Opened,
    /// What it sent, as it has to be read.
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

    /// Hands entries over without waiting.
    pub(crate) fn send(&mut self, entries: Vec<Draft>, urgency: Urgency) -> Logging<()> {
        let at = self.next;
        for entry in &entries {
            let json = Arc::clone(&entry.json);
            self.sent.push(Record::new(self.next, self.epoch, json));
            self.next = self.next.plus(1);
        }
        self.send_at(at, entries, urgency)
    }

    /// The same anywhere, and nothing is counted.
    pub(crate) fn send_at(&self, at: Offset, entries: Vec<Draft>, urgency: Urgency) -> Logging<()> {
        let (session, epoch) = (self.session.clone(), self.epoch);
        self.log.append(Append::new(session, epoch, at, entries).urgency(urgency))
    }

    /// Appends and waits.
    pub(crate) async fn append(&mut self, entries: Vec<Draft>) -> Result<(), LogError> {
        self.send(entries, Urgency::Now).await
    }

    /// Appends anywhere and waits; nothing is counted.
    pub(crate) async fn append_at(&self, at: Offset, entries: Vec<Draft>) -> Result<(), LogError> {
        self.send_at(at, entries, Urgency::Now).await
    }

    /// Appends the entries that are usual here, each by itself, all under way at once.
    pub(crate) async fn write(&mut self, entries: u64) -> Result<(), LogError> {
        let places = self.next.0..self.next.0 + entries;
        let mut under_way = Vec::new();
        for place in places {
            under_way.push(self.send(vec![entries::numbered(place)?], Urgency::Now));
        }
        for append in under_way {
            append.await?;
        }
        Ok(())
    }

    /// Opens the session again, so that this writer is fenced off.
    pub(crate) async fn successor(&self) -> Result<Self, LogError> {
        Self::open(&self.log, &self.session, Claim::default()).await
    }
}
