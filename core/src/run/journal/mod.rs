//! The journal of a session: which entries its steps and runs make, and when they wait for the log.

mod entries;
mod runs;

pub(super) use self::entries::{EncodeItem, encode_item};

use self::{
    entries::{commit_patches, in_serde, inputs_json, name, run_over, whole_fields},
    runs::Runs,
};
use super::{
    session::Begin,
    typed::{GraphProgress, to_raw},
};
use crate::{
    action::{Context as ActionContext, Failure, Writes, chain},
    graph::{Graph, Next, Node},
    log::{
        Cursor, Durability, EntryKind, Kind, LogError, Moment, Noted, Offset, Plain, Snapshot,
        Writer,
    },
    outcome::{Outcome, RunError},
    panics::caught,
    progress::Over,
    state::{FieldSet, Fields, State},
};
use serde_json::Value;
use std::task::{Context, Poll};

/// Writes what happens in a session to its log. Every method does nothing if the app has no log.
pub(crate) struct Journal<G: Graph>(Option<Box<Open<G>>>);

/// A journal with a log.
struct Open<G: Graph> {
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
        Self(Some(Box::new(Open { writer, encode, committed, runs, snapshot_due })))
    }

    /// Whether there is a log.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn writer(&self) -> Option<&Writer> {
        self.0.as_ref().map(|open| &open.writer)
    }

    pub(super) fn encode(&self) -> Option<EncodeItem<G>> {
        self.0.as_ref().map(|open| open.encode)
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

    /// Adds an entry that cannot be refused but by the log itself, which the next commit returns.
    pub(super) fn enqueue<K: Kind>(&mut self, entry: impl FnOnce() -> K) {
        if let Some(open) = &mut self.0 {
            open.enqueue(&entry());
        }
    }

    /// Hands over to the log what nothing waits for.
    pub(super) fn submit(&mut self) {
        if let Some(open) = &mut self.0 {
            open.writer.hand_over_the_rest();
        }
    }

    /// Waits until what was added is as durable as the app asks for.
    pub(super) async fn commit(&mut self) -> Result<(), LogError> {
        match &mut self.0 {
            Some(open) => open.writer.commit().await,
            None => Ok(()),
        }
    }

    /// Makes everything durable.
    pub(super) async fn flush(&mut self) -> Result<(), LogError> {
        match &mut self.0 {
            Some(open) => open.writer.flush().await,
            None => Ok(()),
        }
    }

    /// Makes everything durable and releases the session.
    pub(super) async fn close(&mut self) -> Result<(), LogError> {
        match &mut self.0 {
            Some(open) => open.writer.close().await,
            None => Ok(()),
        }
    }

    /// Waits until an event that is about to be shown is as durable as items are: what was shown is
    /// never taken back, or may be.
    pub(super) async fn flush_shown(&mut self) {
        if let Some(open) = &mut self.0
            && open.writer.durability() == Durability::Item
        {
            // the writer keeps an error, with which the next item or commit ends
            let _ = open.writer.flush().await;
        }
    }

    /// Adds an item that is about to be shown.
    pub(super) fn item(&mut self, context: &ActionContext, item: &G::Item) -> Result<(), LogError> {
        if let Some(open) = &mut self.0 {
            let draft = (open.encode)(&open.writer, context, item)?;
            open.writer.put(draft);
        }
        Ok(())
    }

    /// Is ready when an item that was added may be shown.
    pub(super) fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LogError>> {
        match &mut self.0 {
            Some(open) => open.poll_item(cx),
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
        if let Some(open) = &mut self.0 {
            // what is written later of a field is read back with the patch that changes it
            whole_fields(state, FieldSet::ALL)?;
            open.snapshot(state, progress, None)?;
            open.writer.commit().await?;
        }
        Ok(())
    }

    /// Adds a snapshot before the next entry if another graph or version of the state wrote what the log
    /// has; opening the session alone writes nothing.
    pub(super) fn opened(&mut self, state: &G::State, changed: bool) -> Result<(), LogError> {
        if let Some(open) = &mut self.0 {
            open.snapshot_due = changed;
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
        let Some(open) = &mut self.0 else { return Ok(()) };
        let mark = open.writer.mark();
        let added = open.step(step);
        if added.is_err() {
            open.writer.take_back(mark);
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
        let Some(open) = &mut self.0 else { return Ok(()) };
        let (over, next) = (next.and_then(run_over), next.map(|next| next.map(name)));
        // the position moves with it, so that it must not be left out
        let waits = next.is_some();
        open.writer.note(&EntryKind::StepFailed { step, failure: failure.into(), next })?;
        if let Some(over) = over {
            open.writer.note(&over)?;
        }
        if waits { open.writer.commit().await } else { Ok(()) }
    }
}

/// What runs add.
impl<G: Graph> Journal<G> {
    /// Adds that a run starts at a node or continues there, and waits for it; returns its inputs as the
    /// log has them.
    pub(super) async fn start(
        &mut self,
        begin: &Begin<G::Inputs>,
        node: G::Node,
        state: &G::State,
        progress: &GraphProgress<G>,
    ) -> Result<Value, LogError> {
        let Some(open) = &mut self.0 else { return Ok(Value::Null) };
        let (entry, inputs) = match begin {
            Begin::Resume => (EntryKind::RunResumed { node: name(node) }, Value::Null),
            Begin::Run(inputs) | Begin::Restart(inputs) => {
                let (run, json) = (progress.run + 1, inputs_json::<G>(inputs)?);
                let inputs = json.clone();
                (EntryKind::RunStarted { run, node: name(node), inputs }, json)
            }
        };
        if open.writer.is_idle() {
            // the log has what there is to know of them
            open.runs.clear();
        }
        open.due_snapshot(state, progress)?;
        open.writer.note(&entry)?;
        open.runs.started(open.last());
        open.writer.commit().await?;
        Ok(inputs)
    }

    /// Adds how a run ended, and waits for it.
    pub(super) async fn end(
        &mut self,
        node: G::Node,
        result: &Result<Outcome<G::Node>, RunError>,
    ) -> Result<(), LogError> {
        let Some(open) = &mut self.0 else { return Ok(()) };
        let node = name(node);
        open.enqueue(&match result {
            // added with the commit
            Ok(Outcome::Paused(_) | Outcome::Ended) => return Ok(()),
            Ok(Outcome::Halted(_)) => EntryKind::RunHalted { node },
            Ok(Outcome::Stopped(_)) => EntryKind::RunStopped { node },
            Err(error) => EntryKind::RunFailed { node, error: chain(error) },
        });
        open.runs.ended(open.last(), result.as_ref().err().map(|error| chain(error)));
        open.writer.commit().await
    }

    /// Adds that a run was dropped within a step; without waiting, for nothing polls it any more.
    pub(super) fn cancel(&mut self, node: G::Node) {
        if let Some(open) = &mut self.0
            && !open.writer.is_broken()
        {
            open.enqueue(&EntryKind::RunCancelled { node: name(node) });
            open.runs.ended(open.last(), None);
            open.writer.hand_over_the_rest();
        }
    }

    /// Adds that the session was put at its start.
    pub(super) fn reopen(
        &mut self,
        state: &G::State,
        progress: &GraphProgress<G>,
    ) -> Result<(), LogError> {
        let Some(open) = &mut self.0 else { return Ok(()) };
        let added = open.reopen(state, progress);
        open.writer.hand_over_the_rest();
        added
    }

    /// Reads the session back after an append that failed or whose fate is unknown; `None` if there is
    /// none. Then [`recovered`](Self::recovered) has to be called.
    pub(super) async fn recover(&mut self) -> Result<Option<Moment>, LogError> {
        let Some(open) = &mut self.0 else { return Ok(None) };
        if !open.writer.is_broken() {
            match open.writer.notice() {
                Ok(()) => return Ok(None),
                // steps that were published are lost
                Err(error) if matches!(open.writer.durability(), Durability::Batch(_)) => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        open.writer.read_back().await.map(Some)
    }

    /// Continues after the entry at which the session was read back. If the log has a run but not how it
    /// ended, that is added again; `unfinished` is the node of such a run.
    pub(super) fn recovered(&mut self, last: Offset, unfinished: Option<G::Node>) {
        let Some(open) = &mut self.0 else { return };
        let why = open.writer.broken().map(|error| chain(error));
        open.writer.go_on();
        let lacking = open.runs.recovered(last, why);
        if let (Some(error), Some(node)) = (lacking, unfinished.map(name)) {
            open.enqueue(&match error.clone() {
                Some(error) => EntryKind::RunFailed { node, error },
                None => EntryKind::RunCancelled { node },
            });
            open.runs.ended(open.last(), error);
            open.writer.hand_over_the_rest();
        }
    }
}

impl<G: Graph> Open<G> {
    /// The entry that was added last.
    fn last(&self) -> Option<Offset> {
        self.writer.cursor().map(|cursor| cursor.offset)
    }

    fn enqueue(&mut self, entry: &impl Kind) {
        if let Err(error) = self.writer.note(entry) {
            tracing::error!(%error, "an entry is left out of the log");
        }
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LogError>> {
        match self.writer.durability() {
            Durability::Item => self.writer.poll_flush(cx),
            Durability::Commit | Durability::Batch(_) => Poll::Ready(self.writer.hand_over_items()),
        }
    }

    fn step<W>(&mut self, step: &Step<'_, G, W>) -> Result<(), LogError>
    where
        W: Writes<State = G::State>,
    {
        let patches = commit_patches::<W>(step.undo, step.state, step.declared)?;
        self.writer.note(&Plain::StepCommitted {
            step: step.progress.step,
            node: step.node.name(),
            attempt: step.attempt,
            patches: &patches,
            next: step.next.map(Node::name),
        })?;
        self.committed = self.writer.cursor();
        if let Some(over) = run_over(step.next) {
            self.writer.note(&over)?;
        }
        if self.writer.wants_snapshot() {
            self.snapshot(step.state, step.progress, Some(step.next))?;
        }
        Ok(())
    }

    fn reopen(&mut self, state: &G::State, progress: &GraphProgress<G>) -> Result<(), LogError> {
        self.writer.notice()?;
        self.due_snapshot(state, progress)?;
        self.writer.note(&EntryKind::SessionReopened { node: name(G::START) })
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
            let Over(_) = progress.committed(next.map(name));
        }
        let (graph, version) = (G::mark().clone(), G::State::VERSION);
        let snapshot: Snapshot<Fields<'_, G::State>> =
            Snapshot::of(graph, version, Fields::fields(state), progress);
        let noted = match self.writer.cursor() {
            None => Noted::SessionCreated { snapshot: &snapshot },
            Some(_) => Noted::Snapshot(&snapshot),
        };
        let draft = caught(|| self.writer.draft(&noted)).unwrap_or_else(|panicked| {
            let (what, reason) = ("the state".into(), in_serde(&panicked));
            Err(LogError::NotSerialisable { what, reason })
        })?;
        self.writer.put(draft);
        Ok(())
    }

    /// Adds the snapshot that has to come before the next entry, if there is one.
    fn due_snapshot(
        &mut self,
        state: &G::State,
        progress: &GraphProgress<G>,
    ) -> Result<(), LogError> {
        // runs may fail again and again before a commit
        if self.snapshot_due || self.writer.wants_snapshot() {
            self.snapshot(state, progress, None)?;
            self.snapshot_due = false;
        }
        Ok(())
    }
}
