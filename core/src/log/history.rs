//! The steps of a session, and sessions made from them.

use super::{
    Claim, Entries, Entry, EntryKind, EpochStart, Existence, FORMAT, Log, LogError, NewEntry,
    Offset, Parent, RawSessionView, Record, SessionId, Time, Urgency, entries, identity::Identity,
};
use crate::{progress::Next, state::Patch};
use std::{fmt, sync::Arc};

/// The committed steps of a session, from the first one that is left.
///
/// # Cancel safety
/// Dropping the future of [`next`](History::next) loses nothing.
pub struct History {
    log: Arc<dyn Log>,
    session: SessionId,
    /// `None` before the first entry.
    place: Option<Place>,
}

/// Where a history is.
struct Place {
    entries: Entries,
    /// The entry that was read last, until it is returned or passed over.
    record: Option<Record>,
    /// The session that was read.
    identity: Identity,
    /// Its epochs, as far as they are known.
    epochs: Vec<EpochStart>,
}

/// One committed step.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PastStep {
    /// The entry of its commit; [`RawSessionView::at`] gives the state as it was then.
    pub offset: Offset,
    /// When it was committed.
    pub time: Time,
    /// Its number in the session, from 0.
    pub step: u64,
    /// The node.
    pub node: String,
    /// The number of the attempt that succeeded, from 1.
    pub attempt: u32,
    /// What changed, by the names that serde gives the fields.
    pub patches: Vec<(String, Patch)>,
    /// What followed.
    pub next: Next<String>,
}

impl History {
    /// The steps of a session.
    pub fn of(log: &Arc<dyn Log>, session: &SessionId) -> Self {
        Self { log: Arc::clone(log), session: session.clone(), place: None }
    }

    /// The next step; `None` behind the last one that is committed by now.
    ///
    /// # Errors
    /// What reading the log may end with.
    pub async fn next(&mut self) -> Result<Option<PastStep>, LogError> {
        let place = match &mut self.place {
            Some(place) => place,
            place => {
                let info = self.log.info(&self.session).await?;
                let entries = entries(&self.log, &self.session, info.first..);
                let identity = Identity::new(&self.log, &self.session, info.epoch);
                place.insert(Place { entries, record: None, identity, epochs: Vec::new() })
            }
        };
        loop {
            if place.record.is_none() {
                let read = place.entries.next().await.transpose();
                place.record = place.identity.explain(read).await?;
            }
            // an entry of an epoch that is not known, or none, may be of another session
            let epoch = place.record.as_ref().map(|record| record.epoch);
            if epoch.is_none_or(|epoch| place.epochs.iter().all(|known| known.epoch != epoch)) {
                place.epochs = place.identity.epochs().await?;
            }
            let Some(record) = &place.record else { return Ok(None) };
            place.identity = Identity::new(&self.log, &self.session, record.epoch);
            let (offset, Entry { time, kind, .. }) = (record.offset, record.entry(&self.session)?);
            place.record = None;
            if let EntryKind::StepCommitted { step, node, attempt, patches, next } = kind {
                return Ok(Some(PastStep { offset, time, step, node, attempt, patches, next }));
            }
        }
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("session", &self.session)
            .field("place", &self.place.as_ref().map(|place| &place.entries))
            .finish_non_exhaustive()
    }
}

/// Makes a new session that goes on from what another one was after the entry at `offset`.
///
/// The fork holds one entry, which names its parent; it costs as much as the state at that moment.
/// The other session is only read.
///
/// # Errors
/// Those of [`RawSessionView::at`], and [`LogError::SessionExists`] for an id that is taken.
///
/// # Cancel safety
/// Dropping the future makes the fork or not.
pub async fn fork(
    log: &Arc<dyn Log>,
    session: &SessionId,
    offset: Offset,
    id: &SessionId,
) -> Result<(), LogError> {
    let mut moment = RawSessionView::at(log, session, offset).await?;
    if let Some(run) = &mut moment.snapshot.unfinished {
        // they are the parent's
        run.shown = 0;
    }
    let entry = Entry {
        format: FORMAT,
        time: moment.time,
        branch: Vec::new(),
        kind: EntryKind::SessionCreated {
            parent: Some(Parent { session: session.clone(), offset }),
            snapshot: Box::new(moment.snapshot),
        },
    };
    let draft = NewEntry::new(&entry)?;
    let claim = Claim { existence: Existence::New, idle_for: None };
    let opened = log.open(id, claim).await?;
    log.append(super::Append {
        session: id.clone(),
        epoch: opened.epoch,
        at: opened.next,
        entries: vec![draft],
        urgency: Urgency::Now,
    })
    .await?;
    log.release(id, opened.epoch).await
}
