//! The journal of a session: which entries its steps and runs make, and when they wait for the log.

mod entries;
mod runs;

pub(super) use self::entries::{EncodeItem, encode_item};

use self::{
    entries::{commit_patches, in_serde, inputs_json, name, run_over, whole_fields},
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
        BareEntryRef, Cursor, Durability, EntryKind, EntryPayload, EntryRef, LogError, Offset,
        RawSessionView, Snapshot, Writer,
    },
    outcome::{Outcome, RunError},
    panics::caught,
    progress::RemovedRun,
    state::{FieldSet, Fields, State},
};
use serde_json::Value;
use std::task::{Context, Poll};

/// Writes what happens in a session to its log. Every method does nothing if the app has no log.
pub(crate) struct Journal<G: Graph>(Option<Box<Recorder<G>>>);

/// A journal with a log.
struct Recorder<G: Graph> {
    writer: Writer,
    encode: EncodeItem<G>,
    /// The entry of the last commit.
    committed: Option<Cursor>,
    runs: Runs,
    /// Another graph or version of the state wrote what the log has: a snapshot comes before the next
    /// entry, which is in the words of this one.
    snapshot_due: bool,
}

/// A step that is about to be committed.
pub(super) struct Step<'s, G: Graph, W: Writes> {
    pub(super) node: G::Node,
    pub(super) attempt: u32,
    /// The state with its writes.
    pub(super) state: &'s G::State,
    pub(super) undo: &'s W::Undo,
    /// The fields that the action declares.
    pub(super) declared: FieldSet,
    pub(super) next: Next<G::Node>,
    /// What the session is before it.
    pub(super) progress: &'s GraphProgress<G>,
}

/// What the journal is asked about, and how long it waits.
impl<G: Graph> Journal<G> {
    /// A journal without a log.
    pub(super) fn none() -> Self {
        Self(None)
    }

    pub(super) fn new(writer: Writer, encode: EncodeItem<G>) -> Self {
        let (committed, runs, snapshot_due) = (None, Runs::default(), false);
        Self(Some(Box::new(Recorder { writer, encode, committed, runs, snapshot_due })))
    }

    /// Whether there is a log.
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

    /// Where in the log the session is; `None` while that is not known.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        let writer = self.writer()?;
        writer.cursor().filter(|_| !writer.is_broken())
    }

    /// Where in the log the last commit is.
    pub(super) fn committed(&self) -> Option<Cursor> {
        self.0.as_ref()?.committed
    }

    /// Adds an entry. One that cannot be written is traced and left out; if the log refuses it, the next commit
    /// returns that.
    pub(super) fn enqueue<K: EntryPayload>(&mut self, entry: impl FnOnce() -> K) {
        if let Some(recorder) = &mut self.0 {
            recorder.enqueue(&entry());
        }
    }

    /// Gives the log what was added, without waiting.
    pub(super) fn submit(&mut self) {
        if let Some(recorder) = &mut self.0 {
            recorder.writer.submit();
        }
    }

    /// Waits until what was added is as durable as the app asks for.
    pub(super) async fn commit(&mut self) -> Result<(), LogError> {
        match &mut self.0 {
            Some(recorder) => recorder.writer.commit().await,
            None => Ok(()),
        }
    }

    /// Makes everything durable.
    pub(super) async fn flush(&mut self) -> Result<(), LogError> {
        match &mut self.0 {
            Some(recorder) => recorder.writer.flush().await,
            None => Ok(()),
        }
    }

    /// Makes everything durable and releases the session.
    pub(super) async fn close(&mut self) -> Result<(), LogError> {
        match &mut self.0 {
            Some(recorder) => recorder.writer.close().await,
            None => Ok(()),
        }
    }

    /// Waits until an event that is about to be shown is as durable as items are: what was shown is
    /// never taken back, or may be.
    pub(super) async fn flush_shown(&mut self) {
        if let Some(recorder) = &mut self.0
            && recorder.writer.durability() == Durability::Item
        {
            // the writer keeps an error, with which the next item or commit ends
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

    /// Is ready when an item that was added may be shown.
    pub(super) fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LogError>> {
        match &mut self.0 {
            Some(recorder) => recorder.poll_item(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

/// What sessions and steps add.
impl<G: Graph> Journal<G> {
    /// Adds the first entry of a new session, and waits for it.
    pub(super) async fn create(
        &mut self,
        state: &G::State,
        progress: &GraphProgress<G>,
    ) -> Result<(), LogError> {
        if let Some(recorder) = &mut self.0 {
            // what is written later of a field is read back with the patch that changes it
            whole_fields(state, FieldSet::ALL)?;
            recorder.snapshot(state, progress, None)?;
            recorder.writer.commit().await?;
        }
        Ok(())
    }

    /// Adds a snapshot before the next entry if another graph or version of the state wrote what the log
    /// has; opening the session alone writes nothing.
    pub(super) fn adopted(&mut self, state: &G::State, changed: bool) -> Result<(), LogError> {
        if let Some(recorder) = &mut self.0 {
            recorder.snapshot_due = changed;
        }
        if changed {
            // migrations may have made the state
            whole_fields(state, FieldSet::ALL)?;
        }
        Ok(())
    }

    /// Adds a step that is about to be committed; nothing of it if it cannot be recorded.
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

    /// Adds a failure, and waits for it if it moves the position.
    pub(super) async fn failure(
        &mut self,
        step: u64,
        failure: &Failure,
        next: Option<Next<G::Node>>,
    ) -> Result<(), LogError> {
        let Some(recorder) = &mut self.0 else { return Ok(()) };
        let (over, next) = (next.and_then(run_over), next.map(|next| next.map(name)));
        // the position moves with it, so that it must not be left out
        let waits = next.is_some();
        recorder.writer.append(&EntryKind::StepFailed { step, failure: failure.into(), next })?;
        if let Some(over) = over {
            recorder.writer.append(&over)?;
        }
        if waits { recorder.writer.commit().await } else { Ok(()) }
    }
}

/// What runs add.
impl<G: Graph> Journal<G> {
    /// Adds that a run starts at a node or continues there, and waits for it; returns its inputs as the
    /// log has them.
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
            // the log has what there is to know of them
            recorder.runs.clear();
        }
        recorder.due_snapshot(state, progress)?;
        recorder.writer.append(&entry)?;
        recorder.runs.started(recorder.last());
        recorder.writer.commit().await?;
        Ok(inputs)
    }

    /// Adds how a run ended, and waits for it.
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

    /// Adds that a run was dropped within a step; without waiting, for nothing polls it any more.
    pub(super) fn cancel(&mut self, node: G::Node) {
        if let Some(recorder) = &mut self.0
            && !recorder.writer.is_broken()
        {
            recorder.enqueue(&EntryKind::RunCancelled { node: name(node) });
            recorder.runs.ended(recorder.last(), None);
            recorder.writer.submit();
        }
    }

    /// Adds that the session was put at its start.
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

    /// Reads the session back after an append that failed or whose fate is unknown; `None` if there is
    /// none. Then [`recovered`](Self::recovered) has to be called.
    pub(super) async fn recover(&mut self) -> Result<Option<RawSessionView>, LogError> {
        let Some(recorder) = &mut self.0 else { return Ok(None) };
        if !recorder.writer.is_broken() {
            match recorder.writer.check_appends() {
                Ok(()) => return Ok(None),
                // steps that were published are lost
                Err(error) if matches!(recorder.writer.durability(), Durability::Batch(_)) => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        recorder.writer.reopen().await.map(Some)
    }

    /// Continues after the entry at which the session was read back. If the log has a run but not how it
    /// ended, that is added again; `unfinished` is the node of such a run.
    pub(super) fn recovered(&mut self, last: Offset, unfinished: Option<G::Node>) {
        let Some(recorder) = &mut self.0 else { return };
        let why = recorder.writer.broken().map(|error| chain(error));
        recorder.writer.resume();
        let missing = recorder.runs.recovered(last, why);
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
    /// The entry that was added last.
    fn last(&self) -> Option<Offset> {
        self.writer.cursor().map(|cursor| cursor.offset)
    }

    fn enqueue(&mut self, entry: &impl EntryPayload) {
        if let Err(error) = self.writer.append(entry) {
            tracing::error!(%error, "an entry is left out of the log");
        }
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
        if let Some(over) = run_over(step.next) {
            self.writer.append(&over)?;
        }
        if self.writer.is_snapshot_due() {
            self.snapshot(step.state, step.progress, Some(step.next))?;
        }
        Ok(())
    }

    fn reopen(&mut self, state: &G::State, progress: &GraphProgress<G>) -> Result<(), LogError> {
        self.writer.check_appends()?;
        self.due_snapshot(state, progress)?;
        self.writer.append(&EntryKind::SessionReopened { node: name(G::START) })
    }

    /// Adds what the session is once `next` follows the step that is about to be committed; for a new
    /// session, as its first entry.
    fn snapshot(
        &mut self,
        state: &G::State,
        progress: &GraphProgress<G>,
        next: Option<Next<G::Node>>,
    ) -> Result<(), LogError> {
        let mut progress = to_raw(progress);
        if let Some(next) = next {
            let RemovedRun(_) = progress.committed(next.map(name));
        }
        let (graph, version) = (G::mark().clone(), G::State::VERSION);
        let snapshot: Snapshot<Fields<'_, G::State>> =
            Snapshot::of(graph, version, Fields::fields(state), progress);
        let entry = match self.writer.cursor() {
            None => EntryRef::SessionCreated { snapshot: &snapshot },
            Some(_) => EntryRef::Snapshot(&snapshot),
        };
        let entry = caught(|| self.writer.new_entry(&entry)).unwrap_or_else(|panicked| {
            let (what, reason) = ("the state".into(), in_serde(&panicked));
            Err(LogError::NotSerialisable { what, reason })
        })?;
        self.writer.enqueue(entry);
        Ok(())
    }

    /// Adds the snapshot that has to come before the next entry, if there is one.
    fn due_snapshot(
        &mut self,
        state: &G::State,
        progress: &GraphProgress<G>,
    ) -> Result<(), LogError> {
        // runs may fail again and again before a commit
        if self.snapshot_due || self.writer.is_snapshot_due() {
            self.snapshot(state, progress, None)?;
            self.snapshot_due = false;
        }
        Ok(())
    }
}
