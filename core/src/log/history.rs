//! The steps of a session, and sessions made from them.

use super::{
    Claim, Draft, Entry, EntryKind, Epoch, Existence, FORMAT, Log, LogError, Moment, Offset,
    Parent, Record, SessionId, Time, Urgency, identity::Identity,
};
use crate::{progress::Next, state::Patch};
use std::{fmt, sync::Arc};

/// How many entries are read at once.
const PAGE: usize = 256;

/// The committed steps of a session, from the first one that is left.
///
/// # Cancel safety
/// Dropping the future of [`next`](History::next) loses nothing.
pub struct History {
    log: Arc<dyn Log>,
    session: SessionId,
    /// Where it is, and the session that it reads; `None` before the first page.
    place: Option<(Offset, Identity)>,
    page: std::vec::IntoIter<Record>,
}

/// One committed step.
#[derive(Clone, Debug, PartialEq)]
pub struct PastStep {
    /// The entry of its commit; [`Moment::at`] gives the state as it was then.
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
        Self {
            log: Arc::clone(log),
            session: session.clone(),
            place: None,
            page: Vec::new().into_iter(),
        }
    }

    /// The next step; `None` behind the last one that is committed by now.
    ///
    /// # Errors
    /// What reading the log may end with.
    pub async fn next(&mut self) -> Result<Option<PastStep>, LogError> {
        loop {
            while let Some(record) = self.page.as_slice().first() {
                let Entry { time, kind, .. } = record.entry(&self.session)?;
                let (offset, epoch) = (record.offset, record.epoch);
                self.page.next();
                self.place = Some((offset.plus(1), self.identity(epoch)));
                if let EntryKind::StepCommitted { step, node, attempt, patches, next } = kind {
                    return Ok(Some(PastStep { offset, time, step, node, attempt, patches, next }));
                }
            }
            let (from, identity) = if let Some(place) = &self.place {
                place.clone()
            } else {
                let info = self.log.info(&self.session).await?;
                (info.first, self.identity(info.epoch))
            };
            let page = identity.explain(self.log.read(&self.session, from, PAGE).await).await?;
            // entries of another epoch, or none, may be those of another session
            if page.first().is_none_or(|record| record.epoch != identity.epoch()) {
                identity.check().await?;
            }
            if page.is_empty() {
                return Ok(None);
            }
            self.page = page.into_iter();
        }
    }

    fn identity(&self, epoch: Epoch) -> Identity {
        Identity::new(&self.log, &self.session, epoch)
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("session", &self.session)
            .field("next", &self.place.as_ref().map(|(next, _)| next))
            .finish_non_exhaustive()
    }
}

/// Makes a new session that goes on from what another one was after the entry at `offset`.
///
/// The fork holds one entry, which names its parent; it costs as much as the state at that moment.
/// The other session is only read.
///
/// # Errors
/// Those of [`Moment::at`], and [`LogError::SessionExists`] for an id that is taken.
///
/// # Cancel safety
/// Dropping the future makes the fork or not.
pub async fn fork(
    log: &Arc<dyn Log>,
    session: &SessionId,
    offset: Offset,
    id: &SessionId,
) -> Result<(), LogError> {
    let mut moment = Moment::at(log, session, offset).await?;
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
    let draft = Draft::new(&entry)?;
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
