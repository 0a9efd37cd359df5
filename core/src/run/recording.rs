//! What a session does for its log: which entries it notes, and when it waits for them.

use super::{Position, RunError, RunErrorKind, lifecycle::RunRecord, session::Session};
use crate::{
    action::{Failure, Writes},
    graph::{Graph, Next, Node},
    log::{
        Cursor, Draft, Durability, EntryKind, Kind, LogError, Noted, Plain, Snapshot,
        UnfinishedRun, Writer,
    },
    panics::{Panicked, caught},
    state::{
        FieldPatches, FieldSet, Fields, PatchFailed, ReadBack, State, dropped, fields_to_json,
        to_json, unreadable,
    },
};
use serde::Serialize;
use serde_json::Value;
use std::{
    mem,
    task::{Context, Poll},
};

/// Makes the entry of an item; known where the log is given, so that only logged items have to
/// serialise.
pub(super) type EncodeItem<G> =
    fn(&Writer, &crate::Context, &<G as Graph>::Item) -> Result<Draft, LogError>;

/// The log of a session.
pub(crate) struct Recording<G: Graph> {
    pub(super) writer: Writer,
    pub(super) encode: EncodeItem<G>,
    /// The inputs of the unfinished run.
    pub(super) inputs: Value,
    /// The entry of the last commit.
    committed: Option<Cursor>,
    /// Items of the step at the position that were noted and that no commit covers. One may wait
    /// to be shown.
    pub(super) items: u64,
    /// The last run, and before it those whose end the log may not have.
    pub(super) runs: Vec<RunRecord>,
    /// Another graph or version of the state wrote what the log has: a snapshot comes before the next
    /// entry, which is in the words of this one.
    pub(super) snapshot_due: bool,
}

impl<G: Graph> Recording<G> {
    pub(super) fn new(writer: Writer, encode: EncodeItem<G>) -> Self {
        let inputs = Value::Null;
        let (committed, items, runs, snapshot_due) = (None, 0, Vec::new(), false);
        Self { writer, encode, inputs, committed, items, runs, snapshot_due }
    }

    /// Notes an item that is about to be shown.
    pub(super) fn note_item(
        &mut self,
        context: &crate::Context,
        item: &G::Item,
    ) -> Result<(), LogError> {
        let draft = (self.encode)(&self.writer, context, item)?;
        self.writer.put(draft);
        self.items += 1;
        Ok(())
    }

    /// Is ready when an item that was noted may be shown.
    pub(super) fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LogError>> {
        match self.writer.durability() {
            Durability::Item => self.writer.poll_flush(cx),
            Durability::Commit | Durability::Batch(_) => Poll::Ready(self.writer.hand_over_items()),
        }
    }

    /// Notes what cannot fail but for the log itself, which the next commit tells of.
    pub(super) fn note(&mut self, kind: &impl Kind) {
        if let Err(error) = self.writer.note(kind) {
            tracing::error!(%error, "an entry is left out of the log");
        }
    }
}

/// Makes the entry of an item, once it is certain that the item can be read from it.
pub(super) fn encode_item<G: Graph<Item: Serialize>>(
    writer: &Writer,
    context: &crate::Context,
    item: &G::Item,
) -> Result<Draft, LogError> {
    let (step, node, attempt) = (context.step, context.node, context.attempt);
    let refused = |error: serde_json::Error| LogError::NotSerialisable {
        what: format!("an item of node `{node}`"),
        reason: error.to_string(),
    };
    let item = to_json(item).map_err(refused)?;
    G::check_item(&item).map_err(|error| refused(unreadable(&error)))?;
    writer.draft(&Noted::Item { step, node, attempt, item })
}

/// The inputs of a run as the log has them, once it is certain that they can be read from there.
pub(super) fn inputs_json<G: Graph>(inputs: &G::Inputs) -> Result<Value, LogError> {
    serialised("the inputs", || {
        let json = fields_to_json(inputs)?;
        ReadBack::<G::Inputs>::json(&json).map(dropped).map_err(|error| unreadable(&error))?;
        Ok(json)
    })
}

/// Calls serde on a value of the program's.
fn serialised<T>(
    what: &str,
    work: impl FnOnce() -> Result<T, serde_json::Error>,
) -> Result<T, LogError> {
    let refused = |reason| LogError::NotSerialisable { what: what.into(), reason };
    match caught(work) {
        Ok(result) => result.map_err(|error| refused(error.to_string())),
        Err(panicked) => Err(refused(in_serde(&panicked))),
    }
}

fn in_serde(Panicked(message): &Panicked) -> String {
    format!("its `Serialize` or `Deserialize` panicked: {message}")
}

impl From<PatchFailed> for LogError {
    fn from(failed: PatchFailed) -> Self {
        let what = format!("field `{}`", failed.field);
        Self::NotSerialisable { what, reason: failed.source.to_string() }
    }
}

pub(super) fn name<N: Node>(node: N) -> String {
    node.name().to_owned()
}

fn named<N: Node, T: From<&'static str>>(next: Next<N>) -> Next<T> {
    match next {
        Next::Node(node) => Next::Node(node.name().into()),
        Next::Pause(node) => Next::Pause(node.name().into()),
        Next::End => Next::End,
    }
}

/// The entry of a run that is over because of what followed its last step.
fn over<N: Node>(next: Next<N>) -> Option<EntryKind> {
    match next {
        Next::Node(_) => None,
        Next::Pause(node) => Some(EntryKind::RunPaused { node: name(node) }),
        Next::End => Some(EntryKind::RunEnded),
    }
}

impl<G: Graph> Session<G> {
    /// Where in the log the session is; `None` while that is not known.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        let writer = &self.recording.as_ref()?.writer;
        writer.cursor().filter(|_| !writer.is_broken())
    }

    /// Where in the log the last commit is.
    pub(super) fn committed_cursor(&self) -> Option<Cursor> {
        self.recording.as_ref()?.committed
    }

    pub(super) fn log_error(&self, source: LogError) -> RunError {
        RunErrorKind::Log { node: self.node().name(), source }.into()
    }

    /// Records the first entry of a new session.
    pub(super) async fn record_created(&mut self) -> Result<(), LogError> {
        // what is written later of a field is read back with the patch that changes it
        whole_fields(&self.state, FieldSet::ALL)?;
        self.note_snapshot(None)?;
        self.record_commit().await
    }

    /// Records that a step begins.
    pub(super) fn record_step(&mut self, node: G::Node) {
        if let Some(recording) = &mut self.recording {
            let step = self.context.step;
            recording.note(&Plain::StepStarted { step, node: node.name() });
        }
    }

    /// Records that the items of a step do not count any more, if it has any.
    pub(super) fn record_superseded(&mut self, node: G::Node) {
        if let Some(recording) = &mut self.recording {
            let items = mem::take(&mut recording.items);
            if items > 0 {
                let step = self.context.step;
                recording.note(&EntryKind::ItemsSuperseded { step, node: name(node), items });
            }
        }
    }

    /// Records that another attempt follows.
    pub(super) fn record_attempt(&mut self, failure: &Failure, retry_in: std::time::Duration) {
        if let Some(recording) = &mut self.recording {
            let (step, failure) = (self.context.step, failure.into());
            let retry_in = u64::try_from(retry_in.as_millis()).unwrap_or(u64::MAX);
            recording.note(&EntryKind::AttemptFailed { step, failure, retry_in });
            // readers of the log learn of it before the next attempt, not with its first item
            recording.writer.hand_over_the_rest();
        }
    }

    /// Records a failure, and waits for it when it moves the position.
    pub(super) async fn record_failure(
        &mut self,
        failure: &Failure,
        next: Option<Next<G::Node>>,
    ) -> Result<(), LogError> {
        let Some(recording) = &mut self.recording else { return Ok(()) };
        let (over, next) = (next.and_then(over), next.map(named));
        let (step, failure) = (self.context.step, failure.into());
        // the position moves with it, so that it must not be left out
        let waits = next.is_some();
        recording.writer.note(&EntryKind::StepFailed { step, failure, next })?;
        if let Some(over) = over {
            recording.writer.note(&over)?;
        }
        if waits { recording.writer.commit().await } else { Ok(()) }
    }

    /// Waits until an event that is about to be shown is as durable as items are: what was shown is
    /// never taken back, or may be.
    pub(super) async fn record_shown(&mut self) {
        if let Some(recording) = &mut self.recording
            && recording.writer.durability() == Durability::Item
        {
            // the writer keeps an error, with which the next item or commit ends
            let _ = recording.writer.flush().await;
        }
    }

    /// Waits until the step that was noted is as durable as the app asks for.
    pub(super) async fn record_commit(&mut self) -> Result<(), LogError> {
        match &mut self.recording {
            Some(recording) => recording.writer.commit().await,
            None => Ok(()),
        }
    }

    /// Notes a step that is about to be committed; notes nothing when it cannot be recorded.
    pub(super) fn note_commit<W: Writes<State = G::State>>(
        &mut self,
        undo: &W::Undo,
        declared: FieldSet,
        next: Next<G::Node>,
    ) -> Result<(), LogError> {
        let Some(mark) = self.recording.as_ref().map(|recording| recording.writer.mark()) else {
            return Ok(());
        };
        let noted = self.try_note_commit::<W>(undo, declared, next);
        if noted.is_err()
            && let Some(recording) = &mut self.recording
        {
            recording.writer.take_back(mark);
        }
        noted
    }

    fn try_note_commit<W: Writes<State = G::State>>(
        &mut self,
        undo: &W::Undo,
        declared: FieldSet,
        next: Next<G::Node>,
    ) -> Result<(), LogError> {
        let (node, step, attempt) = (self.at.name(), self.context.step, self.context.attempt);
        let Some(recording) = &mut self.recording else { return Ok(()) };
        let patches = serialised("the state", || Ok(W::patches(undo, &self.state)))?;
        let patches = match patches {
            Some(patches) => patches?,
            None => whole_fields(&self.state, declared)?,
        };
        recording.writer.note(&Plain::StepCommitted {
            step,
            node,
            attempt,
            patches: &patches,
            next: named(next),
        })?;
        recording.committed = recording.writer.cursor();
        if let Some(over) = over(next) {
            recording.writer.note(&over)?;
        }
        if recording.writer.wants_snapshot() {
            self.note_snapshot(Some(next))?;
        }
        Ok(())
    }

    /// Notes what the session amounts to, if `next` follows the step that is about to be
    /// committed; for a new session, as its first entry.
    pub(super) fn note_snapshot(&mut self, next: Option<Next<G::Node>>) -> Result<(), LogError> {
        let Some(recording) = &self.recording else { return Ok(()) };
        let snapshot = self.snapshot(next);
        let noted = match recording.writer.cursor() {
            None => Noted::SessionCreated { snapshot: &snapshot },
            Some(_) => Noted::Snapshot(&snapshot),
        };
        let draft = caught(|| recording.writer.draft(&noted)).unwrap_or_else(|panicked| {
            let (what, reason) = ("the state".into(), in_serde(&panicked));
            Err(LogError::NotSerialisable { what, reason })
        })?;
        if let Some(recording) = &mut self.recording {
            recording.writer.put(draft);
        }
        Ok(())
    }

    fn snapshot(&self, next: Option<Next<G::Node>>) -> Snapshot<Fields<'_, G::State>> {
        let position = match (next.map(named), self.position) {
            (Some(Next::Node(node)), _) => Position::Unfinished(node),
            (Some(Next::Pause(node)), _) => Position::Rest(node),
            (Some(Next::End), _) | (None, Position::Ended) => Position::Ended,
            (None, Position::Rest(node)) => Position::Rest(name(node)),
            (None, Position::Unfinished(node)) => Position::Unfinished(name(node)),
        };
        let unfinished = matches!(position, Position::Unfinished(_)).then(|| UnfinishedRun {
            origin: name(self.origin),
            origin_failure: self.origin_failure.as_ref().map(Into::into),
            inputs: self.recording.as_ref().map_or(Value::Null, |found| found.inputs.clone()),
            shown: if next.is_some() {
                0
            } else {
                self.recording.as_ref().map_or(self.shown, |found| found.items)
            },
        });
        Snapshot {
            graph: G::mark().clone(),
            version: G::State::VERSION,
            state: Fields::fields(&self.state),
            position,
            step: self.context.step + u64::from(next.is_some()),
            run: self.context.run,
            unfinished,
            failure: if next.is_some() { None } else { self.failure.as_ref().map(Into::into) },
        }
    }

    /// Takes over the inputs of the unfinished run. If the graph or the version of the state is another
    /// one now, the next entry follows a snapshot; opening the session alone writes nothing.
    pub(super) fn record_restored(&mut self, inputs: Value, changed: bool) -> Result<(), LogError> {
        if let Some(recording) = &mut self.recording {
            recording.inputs = inputs;
            recording.items = self.shown;
            recording.snapshot_due = changed;
        }
        if changed {
            // migrations may have made the state
            whole_fields(&self.state, FieldSet::ALL)?;
        }
        Ok(())
    }

    /// Notes the snapshot that has to come before the next entry, if there is one.
    pub(super) fn note_due_snapshot(&mut self) -> Result<(), LogError> {
        let due = |recording: &Recording<G>| {
            // runs may fail again and again before a commit
            recording.snapshot_due || recording.writer.wants_snapshot()
        };
        if !self.recording.as_deref().is_some_and(due) {
            return Ok(());
        }
        self.note_snapshot(None)?;
        if let Some(recording) = &mut self.recording {
            recording.snapshot_due = false;
        }
        Ok(())
    }
}

/// The patches of hand-written writes, which do not say what changed: every field they declare.
fn whole_fields<S: State>(state: &S, declared: FieldSet) -> Result<FieldPatches, LogError> {
    let mut patches = FieldPatches::new();
    for index in declared.iter() {
        let Some(field) = S::FIELDS.get(index) else { continue };
        let what = format!("field `{}`", field.name);
        if let Some(patch) = serialised(&what, || state.__whole(index))? {
            patches.push((field.key, patch));
        }
    }
    Ok(patches)
}
