//! The view of a session after one of its entries, in JSON.

use super::{
    CallRecord, Cursor, EntryKind, Epoch, FailureRecord, GraphMark, Log, LogError, Offset,
    SessionId, SessionInfo, Snapshot, Time, UnfinishedRun, entries, identity::Identity,
};
use crate::{
    progress::{Progress, RemovedRun, Unfinished},
    state::{Document, Patch},
};
use serde_json::Value;
use std::{mem, ops::Range, sync::Arc};

/// The state machine of a session in JSON, as a log has it.
pub(crate) type RawProgress = Progress<String, FailureRecord, Value, CallRecord>;

/// A read-only copy of a session after an entry of its log, in JSON: the state, the position and everything that a
/// run needs to continue there.
///
/// It does not need the program's types; [`SessionView`](crate::run::SessionView) is the same view in the types of
/// a graph. The log stores a [`Snapshot`] at some entries. A view has the snapshot after any entry, computed from
/// the last stored one and the entries after it.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// # use burdock::{Position, log::{Log, MemoryLog, SessionId}};
/// # use std::sync::Arc;
/// use burdock::log::RawSessionView;
///
/// # let (log, session): (Arc<dyn Log>, _) = (Arc::new(MemoryLog::new()), SessionId::new("table-7")?);
/// # let mut app = Cafe::app().id("table-7").log(Arc::clone(&log)).build().await?;
/// # app.run(CafeInputs { cups: 2 }).await?;
/// let view = RawSessionView::latest(&log, &session).await?;
/// assert_eq!(view.snapshot.graph.name, "Cafe");
/// assert_eq!(view.snapshot.state["paid"], 4);
/// assert_eq!(view.snapshot.position, Position::Rest("brew".into()));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RawSessionView {
    /// The offset of the last entry that it includes.
    pub offset: Offset,
    /// The epoch of the writer that appended that entry.
    pub epoch: Epoch,
    /// When that entry was created.
    pub time: Time,
    /// The last entry that changed the committed state or the position. A reader that follows the session from
    /// here receives the items of the step in progress.
    pub moved: Cursor,
    /// The entry before the first entry of the last run. A reader that follows the session from here receives
    /// all of that run. `None` if the run started before the snapshot from which the session was read, or if
    /// there was no run.
    pub before_run: Option<Cursor>,
    /// The session after that entry.
    pub snapshot: Snapshot,
}

impl RawSessionView {
    /// Reads a session after the entry at `offset`.
    ///
    /// # Errors
    /// Returns [`LogError::NoSession`] if there is no such session, [`LogError::NoEntry`] if it has no entry at the
    /// offset yet, and [`LogError::Trimmed`] if no snapshot at or before the offset is left.
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

    /// Reads a range of entries, the first of which is a snapshot. Calls `weigh` for each entry with its size in
    /// bytes and whether it is a snapshot. Returns an error for an entry of a later epoch than that of `identity`.
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
                // epochs increase over all sessions: the id now belongs to another session
                return Err(identity.no_session());
            }
            let entry = record.entry(session)?;
            weigh(record.json.len(), entry.kind.snapshot().is_some());
            let at = (record.cursor(), entry.time);
            match (&mut reading, entry.kind) {
                (
                    reading,
                    EntryKind::SessionCreated { snapshot, .. } | EntryKind::Snapshot(snapshot),
                ) => *reading = Some(Reading::from(*snapshot, at, reading.take())),
                (None, _) => return Err(damaged(next, "it is not a snapshot".into())),
                (Some(reading), kind) => {
                    reading.apply(kind, at).map_err(|reason| damaged(next, reason))?;
                }
            }
            next = next.plus(1);
        }
        let read = reading.ok_or_else(|| damaged(from, "there are no entries to read".into()))?;
        Ok(read.into())
    }
}

/// The session after the entries read so far.
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
    /// Starts from a snapshot. A snapshot after other entries only repeats their result, so it does not move the
    /// session.
    fn from(snapshot: Snapshot, (cursor, time): (Cursor, Time), before: Option<Self>) -> Self {
        let moved = before.as_ref().map_or(cursor, |before| before.moved);
        let before_run = before.and_then(|before| before.before_run);
        let (graph, version, state, progress) = snapshot.into_parts();
        Self { cursor, time, moved, before_run, graph, version, state, progress }
    }

    /// Applies the next entry.
    fn apply(&mut self, kind: EntryKind, (cursor, time): (Cursor, Time)) -> Result<(), String> {
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
            EntryKind::CallRecorded { key, kind, result, .. } => {
                progress.called(key, CallRecord::of(kind, result));
            }
            EntryKind::ChildStarted { key, graph, session, inputs, .. } => {
                progress.called(key, CallRecord::child(graph, session, inputs));
            }
            EntryKind::ChildEnded { key, end, .. } => {
                let call = progress.calls.get_mut(&key);
                call.and_then(CallRecord::as_child_mut)
                    .ok_or_else(|| format!("no child `{key}` was started"))?
                    .end = Some(end);
            }
            EntryKind::StepCommitted { patches, next, .. } => {
                patch(&mut self.state, patches)?;
                let RemovedRun(_) = progress.committed_in_log(next);
            }
            EntryKind::StepFailed { failure, next: Some(next), .. } => {
                let RemovedRun(_) = progress.failed_over(failure, next);
            }
            EntryKind::SessionReopened { node } => progress.reopened(node),
            // these change nothing: a run that pauses or ends the session does so by the commit of its last step
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
    /// Returns the cursor of the last entry that it includes.
    pub fn cursor(&self) -> Cursor {
        Cursor { epoch: self.epoch, offset: self.offset }
    }

    /// Reads a session after its last entry.
    ///
    /// # Errors
    /// Returns the errors of [`at`](RawSessionView::at).
    pub async fn latest(log: &Arc<dyn Log>, session: &SessionId) -> Result<Self, LogError> {
        let info = log.info(session).await?;
        let last = info.next.0.checked_sub(1).map(Offset);
        let missing = || LogError::NoSession { session: session.clone() };
        Self::of(log, &info, last.ok_or_else(missing)?).await
    }
}

impl EntryKind {
    /// Returns whether the entry changes the committed state or the position.
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
    /// Returns the snapshot of a session.
    pub(crate) fn of(graph: GraphMark, version: u32, state: S, progress: RawProgress) -> Self {
        let Progress { position, step, run, shown, calls, failure, unfinished } = progress;
        let unfinished = unfinished.map(|run| {
            let Unfinished { origin, origin_failure, inputs } = run;
            UnfinishedRun { origin, origin_failure, inputs, shown, calls }
        });
        Self { graph, version, state, position, step, run, unfinished, failure }
    }

    /// Splits the snapshot into the graph, the version of the state, the state, and everything else.
    pub(crate) fn into_parts(self) -> (GraphMark, u32, S, RawProgress) {
        let Self { graph, version, state, position, step, run, mut unfinished, failure } = self;
        let shown = unfinished.as_ref().map_or(0, |run| run.shown);
        let calls = unfinished.as_mut().map(|run| mem::take(&mut run.calls)).unwrap_or_default();
        let unfinished = unfinished.map(|run| {
            let UnfinishedRun { origin, origin_failure, inputs, .. } = run;
            Unfinished { origin, origin_failure, inputs }
        });
        let progress = Progress { position, step, run, shown, calls, failure, unfinished };
        (graph, version, state, progress)
    }
}
