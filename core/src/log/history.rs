//! The committed steps of a session, and forks of sessions.

use super::{
    Claim, Entries, Entry, EntryKind, EpochStart, Existence, FORMAT, Log, LogError, NewEntry,
    Offset, Parent, RawSessionView, Record, SessionId, Time, Urgency, entries, identity::Identity,
};
use crate::{progress::Next, state::Patch};
use std::{fmt, sync::Arc};

/// The committed steps of a session, from the first one that was not trimmed.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// # use burdock::log::{Log, MemoryLog, SessionId};
/// # use std::sync::Arc;
/// use burdock::log::History;
///
/// # let (log, session): (Arc<dyn Log>, _) = (Arc::new(MemoryLog::new()), SessionId::new("table-7")?);
/// # let mut app = Cafe::app().id("table-7").log(Arc::clone(&log)).build().await?;
/// # app.run(CafeInputs { cups: 2 }).await?;
/// let mut history = History::of(&log, &session);
/// let mut steps = Vec::new();
/// while let Some(step) = history.next().await? {
///     let fields: Vec<_> = step.patches.into_iter().map(|(field, _)| field).collect();
///     steps.push(format!("{} writes {}", step.node, fields.join(", ")));
/// }
/// assert_eq!(steps, ["brew writes cups", "pay writes paid"]);
/// # Ok(()) }
/// ```
///
/// # Cancel safety
/// Dropping the future of [`next`](History::next) loses nothing.
pub struct History {
    log: Arc<dyn Log>,
    session: SessionId,
    /// `None` before the first entry.
    reading: Option<Reading>,
}

/// The progress of reading a history.
struct Reading {
    entries: Entries,
    /// The last entry that was read, until it is returned or skipped.
    record: Option<Record>,
    /// The session that is read.
    identity: Identity,
    /// Its epochs, as of the last look-up.
    epochs: Vec<EpochStart>,
}

/// One committed step.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PastStep {
    /// The entry of its commit. [`RawSessionView::at`] returns the state after it.
    pub offset: Offset,
    /// When it was committed.
    pub time: Time,
    /// Its number in the session, from 0.
    pub step: u64,
    /// The node.
    pub node: String,
    /// The number of the attempt that succeeded, from 1.
    pub attempt: u32,
    /// The changes of the fields, by the names that serde gives them.
    pub patches: Vec<(String, Patch)>,
    /// The transition that followed.
    pub next: Next<String>,
}

impl History {
    /// Returns the history of a session.
    pub fn of(log: &Arc<dyn Log>, session: &SessionId) -> Self {
        Self { log: Arc::clone(log), session: session.clone(), reading: None }
    }

    /// Returns the next step, or `None` after the last committed one. Later calls return steps that were
    /// committed since.
    ///
    /// # Errors
    /// Returns an error if the log cannot be read.
    pub async fn next(&mut self) -> Result<Option<PastStep>, LogError> {
        let reading = match &mut self.reading {
            Some(reading) => reading,
            reading => {
                let info = self.log.info(&self.session).await?;
                let entries = entries(&self.log, &self.session, info.first..);
                let identity = Identity::new(&self.log, &self.session, info.epoch);
                reading.insert(Reading { entries, record: None, identity, epochs: Vec::new() })
            }
        };
        loop {
            if reading.record.is_none() {
                let read = reading.entries.next().await.transpose();
                reading.record = reading.identity.explain(read).await?;
            }
            // an entry of an unknown epoch may belong to a later session with the same id, and so may the end of the
            // entries
            let epoch = reading.record.as_ref().map(|record| record.epoch);
            if epoch.is_none_or(|epoch| reading.epochs.iter().all(|known| known.epoch != epoch)) {
                reading.epochs = reading.identity.epochs().await?;
            }
            let Some(record) = &reading.record else { return Ok(None) };
            reading.identity = Identity::new(&self.log, &self.session, record.epoch);
            let (offset, Entry { time, kind, .. }) = (record.offset, record.entry(&self.session)?);
            reading.record = None;
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
            .field("entries", &self.reading.as_ref().map(|reading| &reading.entries))
            .finish_non_exhaustive()
    }
}

/// Creates a new session as a copy of another session after the entry at `offset`.
///
/// The fork has one entry, which names its parent and is about as large as the state at that offset.
/// The other session is only read.
///
/// # Errors
/// Returns the errors of [`RawSessionView::at`], and [`LogError::SessionExists`] if a session with the id exists.
///
/// # Cancel safety
/// If the future is dropped, the fork may or may not have been created.
pub async fn fork(
    log: &Arc<dyn Log>,
    session: &SessionId,
    offset: Offset,
    id: &SessionId,
) -> Result<(), LogError> {
    let mut view = RawSessionView::at(log, session, offset).await?;
    if let Some(run) = &mut view.snapshot.unfinished {
        // the items stay in the parent and are not copied
        run.shown = 0;
        // an unfinished child belongs to the parent's session; the fork starts it again
        run.calls.retain(|_, call| call.as_child().is_none_or(|child| child.end.is_some()));
    }
    let entry = Entry {
        format: FORMAT,
        time: view.time,
        branch: Vec::new(),
        kind: EntryKind::SessionCreated {
            parent: Some(Parent { session: session.clone(), offset }),
            child_of: None,
            snapshot: Box::new(view.snapshot),
        },
    };
    let entry = NewEntry::new(&entry)?;
    let claim = Claim { existence: Existence::New, idle_for: None };
    let opened = log.open(id, claim).await?;
    log.append(super::Append {
        session: id.clone(),
        epoch: opened.epoch,
        at: opened.next,
        entries: vec![entry],
        urgency: Urgency::Now,
    })
    .await?;
    log.release(id, opened.epoch).await
}
