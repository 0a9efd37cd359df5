//! What a session amounts to after one of its entries.

use super::{
    Cursor, EntryKind, Epoch, Log, LogError, Offset, SessionId, SessionInfo, Snapshot, Time,
    UnfinishedRun, identity::Identity,
};
use crate::{
    progress::{Next, Position},
    state::{Document, Patch},
};
use serde_json::Value;
use std::{ops::Range, sync::Arc};

/// How many entries are read at once.
const PAGE: usize = 1024;

/// A session as it was after some entry: state, position and what a run needs to go on there.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// The last entry that it takes in.
    pub offset: Offset,
    /// Which opening of the session wrote that.
    pub epoch: Epoch,
    /// When that was made.
    pub time: Time,
    /// The last entry that moved the session: a consumer that follows from there comes by what the
    /// step that is under way has shown.
    pub moved: Cursor,
    /// The entry before the first one of the last run: a consumer that follows from there comes by all of
    /// that run. `None` when the run began before the snapshot from which the session was read, or there
    /// was none.
    pub before_run: Option<Cursor>,
    /// What the entries up to there amount to.
    pub snapshot: Snapshot,
}

impl Moment {
    /// Reads what a session amounted to after the entry at `offset`.
    ///
    /// # Errors
    /// [`LogError::NoSession`], [`LogError::Trimmed`] when nothing is left to begin with,
    /// [`LogError::NoEntry`] for an offset that the session has not come to.
    pub async fn at(
        log: &Arc<dyn Log>,
        session: &SessionId,
        offset: Offset,
    ) -> Result<Self, LogError> {
        let info = log.info(session).await?;
        Self::of(log, &info, offset).await
    }

    /// Reads the session that `info` describes.
    async fn of(log: &Arc<dyn Log>, info: &SessionInfo, offset: Offset) -> Result<Self, LogError> {
        let (session, first, next) = (info.id.clone(), info.first, info.next);
        if offset >= next {
            return Err(LogError::NoEntry { session, offset, next });
        }
        let identity = Identity::new(log, &session, info.epoch);
        match log.snapshot_before(&session, offset).await? {
            Some(from) => {
                let entries = from..offset.plus(1);
                Self::read(log, &session, &identity, entries, |_, _| {}).await
            }
            None => identity.explain(Err(LogError::Trimmed { session, first })).await,
        }
    }

    /// Reads the entries of a session from a snapshot on; tells of each how large it is, and whether it
    /// is a snapshot. They were there when the session had the epoch of `identity`, or before.
    pub(super) async fn read(
        log: &Arc<dyn Log>,
        session: &SessionId,
        identity: &Identity,
        entries: Range<Offset>,
        weigh: impl FnMut(usize, bool),
    ) -> Result<Self, LogError> {
        let read = Self::read_entries(log, session, identity, entries, weigh).await;
        identity.explain(read).await
    }

    async fn read_entries(
        log: &Arc<dyn Log>,
        session: &SessionId,
        identity: &Identity,
        Range { start: from, end }: Range<Offset>,
        mut weigh: impl FnMut(usize, bool),
    ) -> Result<Self, LogError> {
        let damaged =
            |offset, reason| LogError::Damaged { session: session.clone(), offset, reason };
        let read = |next: Offset| {
            let left = usize::try_from(end.0 - next.0).unwrap_or(usize::MAX);
            log.read(session, next, left.min(PAGE))
        };
        let mut moment: Option<Self> = None;
        let mut next = from;
        let mut reading = (next < end).then(|| read(next));
        while let Some(page) = reading {
            let page = page.await?;
            if page.is_empty() {
                return Err(damaged(next, "the entry is missing".into()));
            }
            // the log reads on while this page is decoded
            let behind = next.plus(page.len() as u64);
            reading = (behind < end).then(|| read(behind));
            for record in page {
                if record.offset != next {
                    return Err(damaged(next, "the entry is missing".into()));
                }
                if record.epoch > identity.epoch() {
                    // epochs count up over all sessions: the id belongs to another one by now
                    return Err(identity.no_session());
                }
                let entry = record.entry(session)?;
                weigh(record.json.len(), entry.kind.snapshot().is_some());
                let (offset, epoch, time) = (next, record.epoch, entry.time);
                let cursor = record.cursor();
                moment = Some(match (moment, entry.kind) {
                    (
                        before,
                        EntryKind::SessionCreated { snapshot, .. } | EntryKind::Snapshot(snapshot),
                    ) => {
                        // a snapshot repeats what is known, and moves nothing
                        let moved = before.as_ref().map_or(cursor, |moment| moment.moved);
                        let before_run = before.and_then(|moment| moment.before_run);
                        Self { offset, epoch, time, moved, before_run, snapshot: *snapshot }
                    }
                    (None, _) => return Err(damaged(offset, "it is no snapshot".into())),
                    (Some(mut moment), kind) => {
                        if kind.moves() {
                            moment.moved = cursor;
                        }
                        if matches!(kind, EntryKind::RunStarted { .. }) {
                            moment.before_run = Some(moment.cursor());
                        }
                        moment.snapshot.apply(kind).map_err(|reason| damaged(offset, reason))?;
                        Self { offset, epoch, time, ..moment }
                    }
                });
                next = next.plus(1);
            }
        }
        moment.ok_or_else(|| damaged(from, "there is nothing to begin with".into()))
    }
}

/// Applies the patches of a step.
pub(crate) fn patch(state: &mut Document, patches: Vec<(String, Patch)>) -> Result<(), String> {
    for (field, patch) in patches {
        let value = state.entry(field.clone()).or_insert(Value::Null);
        patch.apply(value).map_err(|error| format!("field `{field}`: {error}"))?;
    }
    Ok(())
}

impl Moment {
    /// The last entry that it takes in, as a consumer remembers it.
    pub fn cursor(&self) -> Cursor {
        Cursor { epoch: self.epoch, offset: self.offset }
    }

    /// Reads what a session amounts to now.
    ///
    /// # Errors
    /// As [`at`](Moment::at).
    pub async fn latest(log: &Arc<dyn Log>, session: &SessionId) -> Result<Self, LogError> {
        let info = log.info(session).await?;
        let last = info.next.0.checked_sub(1).map(Offset);
        let missing = || LogError::NoSession { session: session.clone() };
        Self::of(log, &info, last.ok_or_else(missing)?).await
    }
}

impl EntryKind {
    /// Whether it changes the committed state or the position.
    fn moves(&self) -> bool {
        matches!(
            self,
            Self::StepCommitted { .. }
                | Self::StepFailed { next: Some(_), .. }
                | Self::SessionReopened { .. }
        )
    }
}

impl Snapshot {
    /// Takes in one more entry.
    fn apply(&mut self, kind: EntryKind) -> Result<(), String> {
        match kind {
            EntryKind::SessionCreated { snapshot, .. } | EntryKind::Snapshot(snapshot) => {
                *self = *snapshot;
            }
            EntryKind::RunStarted { run, node, inputs } => {
                let mut shown = 0;
                if let Some(unfinished) = self.unfinished.take() {
                    // a restart; what was shown is superseded by an entry of its own
                    self.failure = unfinished.origin_failure;
                    shown = unfinished.shown;
                }
                self.run = run;
                self.position = Position::Unfinished(node.clone());
                self.unfinished = Some(UnfinishedRun {
                    origin: node,
                    origin_failure: self.failure.clone(),
                    inputs,
                    shown,
                });
            }
            EntryKind::Item { .. } => {
                if let Some(run) = &mut self.unfinished {
                    run.shown += 1;
                }
            }
            EntryKind::ItemsSuperseded { .. } => self.covered(),
            EntryKind::StepCommitted { patches, next, .. } => {
                patch(&mut self.state, patches)?;
                self.step += 1;
                self.failure = None;
                self.covered();
                self.go(next);
            }
            EntryKind::StepFailed { failure, next: Some(next), .. } => {
                self.failure = Some(failure);
                self.covered();
                self.go(next);
            }
            EntryKind::SessionReopened { node } => {
                self.position = Position::Rest(node);
                self.failure = None;
            }
            EntryKind::StepFailed { next: None, .. }
            | EntryKind::RunResumed { .. }
            | EntryKind::StepStarted { .. }
            | EntryKind::AttemptFailed { .. }
            | EntryKind::RunPaused { .. }
            | EntryKind::RunEnded
            | EntryKind::RunHalted { .. }
            | EntryKind::RunStopped { .. }
            | EntryKind::RunFailed { .. }
            | EntryKind::RunCancelled { .. } => {}
        }
        Ok(())
    }

    /// Whatever was shown is committed, or does not count.
    fn covered(&mut self) {
        if let Some(run) = &mut self.unfinished {
            run.shown = 0;
        }
    }

    fn go(&mut self, next: Next<String>) {
        self.position = match next {
            Next::Node(node) => Position::Unfinished(node),
            Next::Pause(node) => Position::Rest(node),
            Next::End => Position::Ended,
        };
        if !matches!(self.position, Position::Unfinished(_)) {
            self.unfinished = None;
        }
    }
}
