//! The journal of a session: writes the entries of its steps and runs, and waits until the log has them.

mod entries;
mod runs;

pub(super) use self::entries::{EncodeItem, encode_item};

use self::{
    entries::{commit_patches, inputs_json, name, run_end_entry, serde_panic_reason, whole_fields},
    runs::{MissingEnd, Runs},
};
use super::{
    progress::{GraphProgress, to_raw},
    session::Start,
};
use crate::{
    action::{Context as ActionContext, Failure, Writes, chain},
    graph::{Graph, Next, Node},
    log::{
        BareEntryRef, CallRecord, ChildOf, Cursor, Durability, EntryKind, EntryPayload, EntryRef,
        LogError, Offset, Place, RawProgress, RawSessionView, SessionId, Snapshot, Writer,
    },
    outcome::{Outcome, RunError},
    panics::caught,
    progress::RemovedRun,
    state::{FieldSet, Fields, State},
    stream::{NewCall, NewChild, TransactionEnd},
};
use serde_json::Value;
use std::task::{Context, Poll};

/// Writes the entries of a session to its log. Every method does nothing if the app has no log.
pub(crate) struct Journal<G: Graph>(Option<Box<Recorder<G>>>);

/// The state of a journal with a log.
struct Recorder<G: Graph> {
    writer: Writer,
    encode: EncodeItem<G>,
    /// The cursor of the last commit.
    committed: Option<Cursor>,
    /// The offset after the last entry of a call.
    calls_end: Offset,
    runs: Runs,
    /// Whether a snapshot has to be written before the next entry: another version of the graph or the state wrote
    /// the session, and the next entry uses the names of this version.
    snapshot_due: bool,
}

/// A step that is about to be committed.
pub(super) struct Step<'s, G: Graph, W: Writes> {
    pub(super) node: G::Node,
    pub(super) attempt: u32,
    /// The state, including the writes of the step.
    pub(super) state: &'s G::State,
    pub(super) undo: &'s W::Undo,
    /// The fields that the action declares.
    pub(super) declared: FieldSet,
    pub(super) next: Next<G::Node>,
    /// The progress of the session before the step.
    pub(super) progress: &'s GraphProgress<G>,
}

/// Queries and waiting.
impl<G: Graph> Journal<G> {
    /// Creates the journal of an app without a log.
    pub(super) fn none() -> Self {
        Self(None)
    }

    pub(super) fn new(writer: Writer, encode: EncodeItem<G>) -> Self {
        let (committed, calls_end) = (None, Offset::ZERO);
        let (runs, snapshot_due) = (Runs::default(), false);
        Self(Some(Box::new(Recorder { writer, encode, committed, calls_end, runs, snapshot_due })))
    }

    /// Returns whether the app has a log.
    #[inline]
    pub(super) fn has_log(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn writer(&self) -> Option<&Writer> {
        self.0.as_ref().map(|recorder| &recorder.writer)
    }

    pub(super) fn encode(&self) -> Option<EncodeItem<G>> {
        self.0.as_ref().map(|recorder| recorder.encode)
    }

    /// Returns the cursor of the last entry; `None` while it is not known.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        let writer = self.writer()?;
        writer.cursor().filter(|_| !writer.is_broken())
    }

    /// Returns the cursor of the last commit.
    pub(super) fn committed(&self) -> Option<Cursor> {
        self.0.as_ref()?.committed
    }

    /// Adds an entry. An entry that cannot be written is reported to `tracing` and discarded. If the log rejects
    /// the entry, the next commit returns the error.
    pub(super) fn enqueue<K: EntryPayload>(&mut self, entry: impl FnOnce() -> K) {
        if let Some(recorder) = &mut self.0 {
            recorder.enqueue(&entry());
        }
    }

    /// Submits the added entries to the log, without waiting.
    pub(super) fn submit(&mut self) {
        if let Some(recorder) = &mut self.0 {
            recorder.writer.submit();
        }
    }

    /// Waits until the added entries are as durable as the app requires.
    pub(super) async fn commit(&mut self) -> Result<(), LogError> {
        match &mut self.0 {
            Some(recorder) => recorder.writer.commit().await,
            None => Ok(()),
        }
    }

    /// Waits until all entries are durable.
    pub(super) async fn flush(&mut self) -> Result<(), LogError> {
        match &mut self.0 {
            Some(recorder) => recorder.writer.flush().await,
            None => Ok(()),
        }
    }

    /// Waits until all entries are durable, and releases the session.
    pub(super) async fn close(&mut self) -> Result<(), LogError> {
        match &mut self.0 {
            Some(recorder) => recorder.writer.close().await,
            None => Ok(()),
        }
    }

    /// Called before an event is published. Under [`Durability::Item`], waits until all entries are durable.
    pub(super) async fn flush_before_event(&mut self) {
        if let Some(recorder) = &mut self.0
            && recorder.writer.durability() == Durability::Item
        {
            // the writer keeps the error, and the next item or commit returns it
            let _ = recorder.writer.flush().await;
        }
    }

    /// Adds an item that is about to be shown.
    pub(super) fn item(&mut self, context: &ActionContext, item: &G::Item) -> Result<(), LogError> {
        if let Some(recorder) = &mut self.0 {
            let entry = (recorder.encode)(&recorder.writer, context, item)?;
            recorder.writer.enqueue(entry);
        }
        Ok(())
    }

    /// Adds a part of a call, whose record so far is `before`. Returns the record, and the offset after the entry.
    pub(super) fn call(
        &mut self,
        context: &ActionContext,
        key: &str,
        call: NewCall,
        before: Option<&CallRecord>,
    ) -> Result<(CallRecord, Offset), LogError> {
        let Some(recorder) = &mut self.0 else { return Err(LogError::Closed) };
        let record = recorder.call(context, key, call, before)?;
        recorder.calls_end = recorder.writer.next();
        Ok((record, recorder.calls_end))
    }

    /// Returns the offset after the last entry of a call.
    pub(super) fn calls_end(&self) -> Offset {
        self.0.as_ref().map_or(Offset::ZERO, |recorder| recorder.calls_end)
    }

    /// Submits the added entries of calls at once: the next attempt waits for them.
    pub(super) fn submit_calls(&mut self) {
        if let Some(recorder) = &mut self.0 {
            recorder.writer.submit_until(recorder.calls_end);
        }
    }

    /// Submits the added entries of calls, and waits until the entries before `end` are durable. Returns the offset up to
    /// which all entries are.
    pub(super) fn poll_calls(
        &mut self,
        end: Offset,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Offset, LogError>> {
        self.submit_calls();
        match &mut self.0 {
            Some(recorder) => recorder.writer.poll_until(end, cx),
            None => Poll::Ready(Ok(end)),
        }
    }

    /// Submits the added entries, and returns the place after them.
    pub(super) fn place(&mut self, cx: &mut Context<'_>) -> Result<Place, LogError> {
        match &mut self.0 {
            Some(recorder) => recorder.writer.place(cx),
            None => Err(LogError::Closed),
        }
    }

    /// Called when a transaction has ended, which had the place.
    pub(super) fn transaction_ended(&mut self, end: &TransactionEnd) {
        let Some(Recorder { writer, calls_end, .. }) = self.0.as_deref_mut() else { return };
        match end {
            TransactionEnd::Stored(_, bytes) => {
                writer.appended_by_log(*bytes);
                *calls_end = writer.next();
            }
            TransactionEnd::RolledBack => {}
            TransactionEnd::Failed(error) => writer.set_broken(error.clone()),
        }
    }

    /// Called when the end of a transaction will not be known.
    pub(super) fn transaction_lost(&mut self) {
        if let Some(recorder) = &mut self.0 {
            recorder.writer.set_uncertain();
        }
    }

    /// Completes when an added item may be shown.
    pub(super) fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LogError>> {
        match &mut self.0 {
            Some(recorder) => recorder.poll_item(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

/// Entries of sessions and steps.
impl<G: Graph> Journal<G> {
    /// Adds the first entry of a new session and commits it.
    pub(super) async fn create(
        &mut self,
        state: &G::State,
        progress: &GraphProgress<G>,
        child_of: Option<ChildOf>,
    ) -> Result<(), LogError> {
        if let Some(recorder) = &mut self.0 {
            // checks the initial values of all fields; later ones are checked with the patch that changes them
            whole_fields(state, FieldSet::ALL)?;
            recorder.snapshot(state, to_raw(progress), child_of.as_ref())?;
            if child_of.is_some() {
                // the start of its run follows at once, and is appended together with this entry
                return Ok(());
            }
            if G::TOPOLOGY.nodes.iter().any(|node| !node.graphs.is_empty()) {
                // the ids of its children contain its first epoch, which is read from the log
                recorder.writer.flush().await?;
            } else {
                recorder.writer.commit().await?;
            }
        }
        Ok(())
    }

    /// Called after the session was restored. If another version of the graph or the state wrote it (`changed`), a
    /// snapshot is due before the next entry. It is not written yet, because opening a session writes nothing.
    pub(super) fn adopted(&mut self, state: &G::State, changed: bool) -> Result<(), LogError> {
        if let Some(recorder) = &mut self.0 {
            recorder.snapshot_due = changed;
        }
        if changed {
            // migrations may have changed the state
            whole_fields(state, FieldSet::ALL)?;
        }
        Ok(())
    }

    /// Adds the entries of a step that is about to be committed. Adds none of them if it returns an error.
    pub(super) fn step<W>(&mut self, step: &Step<'_, G, W>) -> Result<(), LogError>
    where
        W: Writes<State = G::State>,
    {
        let Some(recorder) = &mut self.0 else { return Ok(()) };
        let mark = recorder.writer.mark();
        let added = recorder.step(step);
        if added.is_err() {
            recorder.writer.truncate(mark);
        }
        added
    }

    /// Adds a failure, and commits it if it moves the position.
    pub(super) async fn failure(
        &mut self,
        step: u64,
        failure: &Failure,
        next: Option<Next<G::Node>>,
    ) -> Result<(), LogError> {
        let Some(recorder) = &mut self.0 else { return Ok(()) };
        let (end, next) = (next.and_then(run_end_entry), next.map(|next| next.map(name)));
        let waits = next.is_some();
        recorder.writer.append(&EntryKind::StepFailed { step, failure: failure.into(), next })?;
        if let Some(end) = end {
            recorder.writer.append(&end)?;
        }
        if waits { recorder.writer.commit().await } else { Ok(()) }
    }
}

/// Entries of runs.
impl<G: Graph> Journal<G> {
    /// Adds the start or resumption of a run at a node and commits it. Returns the inputs in JSON.
    pub(super) async fn start(
        &mut self,
        start: &Start<G::Inputs>,
        node: G::Node,
        state: &G::State,
        progress: &GraphProgress<G>,
    ) -> Result<Value, LogError> {
        let Some(recorder) = &mut self.0 else { return Ok(Value::Null) };
        let (entry, inputs) = match start {
            Start::Resume => (EntryKind::RunResumed { node: name(node) }, Value::Null),
            Start::Run(inputs) | Start::Restart(inputs) => {
                let (run, json) = (progress.run + 1, inputs_json::<G>(inputs)?);
                let inputs = json.clone();
                (EntryKind::RunStarted { run, node: name(node), inputs }, json)
            }
        };
        if recorder.writer.is_idle() {
            // the log has all entries of the runs
            recorder.runs.clear();
        }
        if recorder.is_snapshot_due() {
            let mut progress = to_raw(progress);
            if !matches!(start, Start::Resume) {
                // another run has none of the calls, which may be too large for a snapshot
                progress.forget_calls();
            }
            recorder.snapshot_due(state, progress)?;
        }
        recorder.writer.append(&entry)?;
        recorder.runs.started(recorder.last());
        recorder.writer.commit().await?;
        Ok(inputs)
    }

    /// Adds the end of a run and commits it.
    pub(super) async fn end(
        &mut self,
        node: G::Node,
        result: &Result<Outcome<G::Node>, RunError>,
    ) -> Result<(), LogError> {
        let Some(recorder) = &mut self.0 else { return Ok(()) };
        let node = name(node);
        recorder.enqueue(&match result {
            // added with the commit
            Ok(Outcome::Paused(_) | Outcome::Ended) => return Ok(()),
            Ok(Outcome::Halted(_)) => EntryKind::RunHalted { node },
            Ok(Outcome::Stopped(_)) => EntryKind::RunStopped { node },
            Err(error) => EntryKind::RunFailed { node, error: chain(error) },
        });
        recorder.runs.ended(recorder.last(), result.as_ref().err().map(|error| chain(error)));
        recorder.writer.commit().await
    }

    /// Adds the cancellation of a run that was dropped. It does not wait, because nothing polls the run.
    pub(super) fn cancel(&mut self, node: G::Node) {
        if let Some(recorder) = &mut self.0
            && !recorder.writer.is_broken()
        {
            recorder.enqueue(&EntryKind::RunCancelled { node: name(node) });
            recorder.runs.ended(recorder.last(), None);
            recorder.writer.submit();
        }
    }

    /// Adds the reopening of the session.
    pub(super) fn reopen(
        &mut self,
        state: &G::State,
        progress: &GraphProgress<G>,
    ) -> Result<(), LogError> {
        let Some(recorder) = &mut self.0 else { return Ok(()) };
        let added = recorder.reopen(state, progress);
        recorder.writer.submit();
        added
    }

    /// Reads the session from the log again after an append that failed or whose result is unknown. Returns `None`
    /// if there was no such append. Otherwise the caller has to call [`recovered`](Self::recovered).
    pub(super) async fn recover(&mut self) -> Result<Option<RawSessionView>, LogError> {
        let Some(recorder) = &mut self.0 else { return Ok(None) };
        if !recorder.writer.is_broken() {
            match recorder.writer.check_appends() {
                Ok(()) => return Ok(None),
                // the lost steps were already published, so the caller has to receive the error
                Err(error) if matches!(recorder.writer.durability(), Durability::Batch(_)) => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        recorder.writer.reopen().await.map(Some)
    }

    /// Continues after the last entry that was read. If the end of the last run is missing in the log, it is added
    /// again; `unfinished` is the node of that run.
    pub(super) fn recovered(&mut self, last: Offset, unfinished: Option<G::Node>) {
        let Some(recorder) = &mut self.0 else { return };
        let error = recorder.writer.broken().map(|error| chain(error));
        recorder.writer.resume();
        // all that was read is durable
        recorder.calls_end = Offset::ZERO;
        let missing = recorder.runs.recovered(last, error);
        if let (Some(MissingEnd { error }), Some(node)) = (missing, unfinished.map(name)) {
            recorder.enqueue(&match error.clone() {
                Some(error) => EntryKind::RunFailed { node, error },
                None => EntryKind::RunCancelled { node },
            });
            recorder.runs.ended(recorder.last(), error);
            recorder.writer.submit();
        }
    }
}

impl<G: Graph> Recorder<G> {
    /// Returns the offset of the last added entry.
    fn last(&self) -> Option<Offset> {
        self.writer.cursor().map(|cursor| cursor.offset)
    }

    fn enqueue(&mut self, entry: &impl EntryPayload) {
        if let Err(error) = self.writer.append(entry) {
            tracing::error!(%error, "an entry was not recorded");
        }
    }

    /// Adds a part of a call.
    fn call(
        &mut self,
        context: &ActionContext,
        key: &str,
        call: NewCall,
        before: Option<&CallRecord>,
    ) -> Result<CallRecord, LogError> {
        let (step, node, attempt) = (context.step, context.node(), context.attempt);
        match &call {
            NewCall::Result(kind, result) => {
                let kind = *kind;
                let entry = BareEntryRef::CallRecorded { step, node, attempt, key, kind, result };
                self.writer.append(&entry)?;
            }
            NewCall::ChildEnded(end) => {
                self.writer.append(&BareEntryRef::ChildEnded { step, node, key, end })?;
            }
            NewCall::ChildStarted(NewChild { graph, prefix, inputs }) => {
                let started = Cursor { epoch: self.writer.epoch(), offset: self.writer.next() };
                let session = SessionId::of_child(prefix, started)?;
                self.writer.append(&BareEntryRef::ChildStarted {
                    step,
                    node,
                    attempt,
                    key,
                    graph,
                    session: &session,
                    inputs,
                })?;
                return call.into_record(before, |_| Ok(session));
            }
        }
        call.into_record(before, |_| Err(LogError::Closed))
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LogError>> {
        match self.writer.durability() {
            Durability::Item => self.writer.poll_flush(cx),
            Durability::Commit | Durability::Batch(_) => Poll::Ready(self.writer.submit_items()),
        }
    }

    fn step<W>(&mut self, step: &Step<'_, G, W>) -> Result<(), LogError>
    where
        W: Writes<State = G::State>,
    {
        let patches = commit_patches::<W>(step.undo, step.state, step.declared)?;
        self.writer.append(&BareEntryRef::StepCommitted {
            step: step.progress.step,
            node: step.node.name(),
            attempt: step.attempt,
            patches: &patches,
            next: step.next.map(Node::name),
        })?;
        self.committed = self.writer.cursor();
        if let Some(end) = run_end_entry(step.next) {
            self.writer.append(&end)?;
        }
        if self.writer.is_snapshot_due() {
            let mut progress = to_raw(step.progress);
            let RemovedRun(_) = progress.committed_in_log(step.next.map(name));
            self.snapshot(step.state, progress, None)?;
        }
        Ok(())
    }

    fn reopen(&mut self, state: &G::State, progress: &GraphProgress<G>) -> Result<(), LogError> {
        self.writer.check_appends()?;
        if self.is_snapshot_due() {
            self.snapshot_due(state, to_raw(progress))?;
        }
        self.writer.append(&EntryKind::SessionReopened { node: name(G::START) })
    }

    /// Adds a snapshot of the session. In a new session, it is the first entry.
    fn snapshot(
        &mut self,
        state: &G::State,
        progress: RawProgress,
        child_of: Option<&ChildOf>,
    ) -> Result<(), LogError> {
        let (graph, version) = (G::mark().clone(), G::State::VERSION);
        let snapshot: Snapshot<Fields<'_, G::State>> =
            Snapshot::of(graph, version, Fields::fields(state), progress);
        let entry = match self.writer.cursor() {
            None => EntryRef::SessionCreated { child_of, snapshot: &snapshot },
            Some(_) => EntryRef::Snapshot(&snapshot),
        };
        let entry = caught(|| self.writer.new_entry(&entry)).unwrap_or_else(|panicked| {
            let (what, reason) = ("the state".into(), serde_panic_reason(&panicked));
            Err(LogError::NotSerializable { what, reason })
        })?;
        self.writer.enqueue(entry);
        Ok(())
    }

    /// Returns whether a snapshot is due before the next entry. Not only commits add snapshots, because many runs in a row may
    /// fail before their first commit.
    fn is_snapshot_due(&self) -> bool {
        self.snapshot_due || self.writer.is_snapshot_due()
    }

    /// Adds a snapshot that is due before the next entry.
    fn snapshot_due(&mut self, state: &G::State, progress: RawProgress) -> Result<(), LogError> {
        let has_calls = !progress.calls.is_empty();
        match self.snapshot(state, progress, None) {
            // with the calls of the step; the next step has none of them
            Err(LogError::TooLarge { .. }) if !self.snapshot_due && has_calls => {}
            added => added?,
        }
        self.snapshot_due = false;
        Ok(())
    }
}
