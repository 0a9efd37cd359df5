//! What a session amounts to after one of its entries.

use super::{
    Cursor, EntryKind, Epoch, FailureRecord, GraphMark, Log, LogError, Offset, SessionId,
    SessionInfo, Snapshot, Time, UnfinishedRun, entries, identity::Identity,
};
use crate::{
    progress::{Progress, RemovedRun, Unfinished},
    state::{Document, Patch},
};
use serde_json::Value;
use std::{ops::Range, sync::Arc};

/// The state machine of a session as a log has it.
pub(crate) type RawProgress = Progress<String, FailureRecord, Value>;

/// A session as it was after some entry: state, position and what a run needs to go on there.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RawSessionView {
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

impl RawSessionView {
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
        let mut reading: Option<Reading> = None;
        let mut next = from;
        let mut records = entries(log, session, from..end);
        while next < end {
            let record = records.next().await.transpose()?;
            let missing = || damaged(next, "the entry is missing".into());
            let record = record.filter(|record| record.offset == next).ok_or_else(missing)?;
            if record.epoch > identity.epoch() {
                // epochs count up over all sessions: the id belongs to another one by now
                return Err(identity.no_session());
            }
            let entry = record.entry(session)?;
            weigh(record.json.len(), entry.kind.snapshot().is_some());
            let place = (record.cursor(), entry.time);
            match (&mut reading, entry.kind) {
                (
                    reading,
                    EntryKind::SessionCreated { snapshot, .. } | EntryKind::Snapshot(snapshot),
                ) => *reading = Some(Reading::from(*snapshot, place, reading.take())),
                (None, _) => return Err(damaged(next, "it is no snapshot".into())),
                (Some(reading), kind) => {
                    reading.take(kind, place).map_err(|reason| damaged(next, reason))?;
                }
            }
            next = next.plus(1);
        }
        let read = reading.ok_or_else(|| damaged(from, "there is nothing to begin with".into()))?;
        Ok(read.into())
    }
}

/// A session while its entries are read.
struct Reading {
    cursor: Cursor,
    time: Time,
    moved: Cursor,
    before_run: Option<Cursor>,
    graph: GraphMark,
    version: u32,
    state: Document,
    progress: RawProgress,
}

impl Reading {
    /// Starts at a snapshot. One behind other entries repeats what is known, and moves nothing.
    fn from(snapshot: Snapshot, (cursor, time): (Cursor, Time), before: Option<Self>) -> Self {
        let moved = before.as_ref().map_or(cursor, |before| before.moved);
        let before_run = before.and_then(|before| before.before_run);
        let (graph, version, state, progress) = snapshot.into_parts();
        Self { cursor, time, moved, before_run, graph, version, state, progress }
    }

    /// Takes in one more entry.
    fn take(&mut self, kind: EntryKind, (cursor, time): (Cursor, Time)) -> Result<(), String> {
        if kind.moves() {
            self.moved = cursor;
        }
        let progress = &mut self.progress;
        match kind {
            EntryKind::RunStarted { run, node, inputs } => {
                self.before_run = Some(self.cursor);
                let RemovedRun(_) = progress.started(run, node, inputs);
            }
            EntryKind::Item { .. } => progress.shown(),
            EntryKind::ItemsSuperseded { .. } => progress.superseded(),
            EntryKind::StepCommitted { patches, next, .. } => {
                patch(&mut self.state, patches)?;
                let RemovedRun(_) = progress.committed(next);
            }
            EntryKind::StepFailed { failure, next: Some(next), .. } => {
                let RemovedRun(_) = progress.failed_over(failure, next);
            }
            EntryKind::SessionReopened { node } => progress.reopened(node),
            // they move nothing: the end of a run at rest is that of its last step
            EntryKind::SessionCreated { .. }
            | EntryKind::Snapshot(_)
            | EntryKind::StepFailed { next: None, .. }
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
        (self.cursor, self.time) = (cursor, time);
        Ok(())
    }
}

impl From<Reading> for RawSessionView {
    fn from(reading: Reading) -> Self {
        let Reading { cursor, time, moved, before_run, graph, version, state, progress } = reading;
        let snapshot = Snapshot::of(graph, version, state, progress);
        let Cursor { epoch, offset } = cursor;
        Self { offset, epoch, time, moved, before_run, snapshot }
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

impl RawSessionView {
    /// The last entry that it takes in, as a consumer remembers it.
    pub fn cursor(&self) -> Cursor {
        Cursor { epoch: self.epoch, offset: self.offset }
    }

    /// Reads what a session amounts to now.
    ///
    /// # Errors
    /// As [`at`](RawSessionView::at).
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

impl<S> Snapshot<S> {
    /// Writes down what a session is.
    pub(crate) fn of(graph: GraphMark, version: u32, state: S, progress: RawProgress) -> Self {
        let Progress { position, step, run, shown, failure, unfinished } = progress;
        let unfinished = unfinished.map(|run| {
            let Unfinished { origin, origin_failure, inputs } = run;
            UnfinishedRun { origin, origin_failure, inputs, shown }
        });
        Self { graph, version, state, position, step, run, unfinished, failure }
    }

    /// The graph, the version of the state, the state, and what the session is beside it.
    pub(crate) fn into_parts(self) -> (GraphMark, u32, S, RawProgress) {
        let Self { graph, version, state, position, step, run, unfinished, failure } = self;
        let shown = unfinished.as_ref().map_or(0, |run| run.shown);
        let unfinished = unfinished.map(|run| {
            let UnfinishedRun { origin, origin_failure, inputs, .. } = run;
            Unfinished { origin, origin_failure, inputs }
        });
        let progress = Progress { position, step, run, shown, failure, unfinished };
        (graph, version, state, progress)
    }
}
