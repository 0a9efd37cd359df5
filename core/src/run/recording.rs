//! What a session does for its log: which entries it notes, and when it waits for them.

use super::{
    Outcome, Position, RunError,
    session::{Begin, Session},
};
use crate::{
    action::{Failure, FailureCause, Writes, chain},
    graph::{Graph, Next, Node},
    log::{
        Cursor, Document, Durability, EntryKind, FailureRecord, GraphMark, LogError, Moment,
        Snapshot, UnfinishedRun, Writer,
    },
    state::{FieldSet, Patch, State, to_json},
};
use serde_json::Value;
use std::{
    mem,
    task::{Context, Poll},
};

/// Makes JSON of an item; known where the log is given, so that only logged items have to serialise.
pub(super) type EncodeItem<G> = fn(&<G as Graph>::Item) -> Result<Value, serde_json::Error>;

/// The log of a session.
pub(crate) struct Recording<G: Graph> {
    pub(super) writer: Writer,
    pub(super) encode: EncodeItem<G>,
    /// The inputs of the unfinished run.
    inputs: Value,
    /// The entry of the last commit.
    committed: Option<Cursor>,
    /// The run was dropped when nothing could be noted.
    cancelled: bool,
}

impl<G: Graph> Recording<G> {
    pub(super) fn new(writer: Writer, encode: EncodeItem<G>) -> Self {
        Self { writer, encode, inputs: Value::Null, committed: None, cancelled: false }
    }

    /// Notes an item that is about to be shown.
    pub(super) fn note_item(
        &mut self,
        node: G::Node,
        context: &crate::Context,
        item: &G::Item,
    ) -> Result<(), LogError> {
        let item = (self.encode)(item).map_err(|error| LogError::NotSerialisable {
            what: format!("an item of node `{node}`"),
            reason: error.to_string(),
        })?;
        let (step, attempt) = (context.step, context.attempt);
        self.writer.note(EntryKind::Item { step, node: name(node), attempt, item })
    }

    /// Is ready when an item that was noted may be shown.
    pub(super) fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LogError>> {
        match self.writer.durability() {
            Durability::Item => self.writer.poll_flush(cx),
            Durability::Commit | Durability::Batch(_) => {
                self.writer.hand_over_items();
                Poll::Ready(Ok(()))
            }
        }
    }

    /// Notes what cannot fail but for the log itself, which the next commit tells of.
    fn note(&mut self, kind: EntryKind) {
        if let Err(error) = self.writer.note(kind) {
            tracing::error!(%error, "an entry is left out of the log");
        }
    }

    fn state_of(&self, state: &G::State) -> Result<Document, LogError> {
        let failed = |reason| LogError::NotSerialisable { what: "the state".into(), reason };
        match to_json(state) {
            Ok(Value::Object(document)) => Ok(document),
            Ok(_) => Err(failed("serde writes it as something else than an object".into())),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

fn name<N: Node>(node: N) -> String {
    node.name().to_owned()
}

fn named<N: Node>(next: Next<N>) -> Next<String> {
    match next {
        Next::Node(node) => Next::Node(name(node)),
        Next::Pause(node) => Next::Pause(name(node)),
        Next::End => Next::End,
    }
}

/// The entry of a run that is over because of what followed its last step.
fn over(next: &Next<String>) -> Option<EntryKind> {
    match next {
        Next::Node(_) => None,
        Next::Pause(node) => Some(EntryKind::RunPaused { node: node.clone() }),
        Next::End => Some(EntryKind::RunEnded),
    }
}

impl<G: Graph> Session<G> {
    /// Where in the log the session is.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        self.recording.as_ref()?.writer.cursor()
    }

    /// Where in the log the last commit is.
    pub(super) fn committed_cursor(&self) -> Option<Cursor> {
        self.recording.as_ref()?.committed
    }

    /// Reads the session back after an append whose fate is unknown.
    pub(super) async fn recover(&mut self) -> Result<(), RunError> {
        let Some(recording) = self.recording.as_mut().filter(|found| found.writer.is_broken())
        else {
            return Ok(());
        };
        let moment = recording.writer.reopen().await.map_err(|error| self.log_error(error))?;
        self.restore(moment)?;
        let node = self.node();
        if let Some(recording) = &mut self.recording
            && mem::take(&mut recording.cancelled)
            && matches!(self.position, Position::Unfinished(_))
        {
            recording.note(EntryKind::RunCancelled { node: name(node) });
        }
        Ok(())
    }

    pub(super) fn log_error(&self, source: LogError) -> RunError {
        RunError::Log { node: self.node().name(), source }
    }

    /// Records the first entry of a new session.
    pub(super) async fn record_created(&mut self) -> Result<(), LogError> {
        let snapshot = Box::new(self.snapshot(None)?);
        let Some(recording) = &mut self.recording else { return Ok(()) };
        recording.writer.note(EntryKind::SessionCreated { parent: None, snapshot })?;
        recording.writer.commit().await
    }

    /// Records that a run begins at a node or goes on there, before it does.
    pub(super) async fn record_begin(
        &mut self,
        begin: &Begin<G::Inputs>,
        node: G::Node,
    ) -> Result<(), RunError> {
        let Some(recording) = &mut self.recording else { return Ok(()) };
        let node = name(node);
        let result = match begin {
            Begin::Resume => recording.writer.note(EntryKind::RunResumed { node }),
            Begin::Run(inputs) | Begin::Restart(inputs) => match to_json(inputs) {
                Ok(inputs) => {
                    recording.inputs = inputs.clone();
                    let run = self.context.run + 1;
                    recording.writer.note(EntryKind::RunStarted { run, node, inputs })
                }
                Err(error) => Err(LogError::NotSerialisable {
                    what: "the inputs".into(),
                    reason: error.to_string(),
                }),
            },
        };
        let result = match (result, begin) {
            // nothing depends on it
            (Ok(()), Begin::Resume) => Ok(()),
            (Ok(()), _) => recording.writer.commit().await,
            (Err(error), _) => Err(error),
        };
        result.map_err(|error| self.log_error(error))
    }

    /// Records that a step begins.
    pub(super) fn record_step(&mut self, node: G::Node) {
        if let Some(recording) = &mut self.recording {
            let step = self.context.step;
            recording.note(EntryKind::StepStarted { step, node: name(node) });
        }
    }

    /// Records that items do not count any more.
    pub(super) fn record_superseded(&mut self, node: G::Node, items: u64) {
        if let Some(recording) = &mut self.recording {
            let step = self.context.step;
            recording.note(EntryKind::ItemsSuperseded { step, node: name(node), items });
        }
    }

    /// Records that another attempt follows.
    pub(super) fn record_attempt(&mut self, failure: &Failure, retry_in: std::time::Duration) {
        if let Some(recording) = &mut self.recording {
            let (step, failure) = (self.context.step, failure.into());
            let retry_in = u64::try_from(retry_in.as_millis()).unwrap_or(u64::MAX);
            recording.note(EntryKind::AttemptFailed { step, failure, retry_in });
        }
    }

    /// Records a failure, and waits for it when it moves the position.
    pub(super) async fn record_failure(
        &mut self,
        failure: &Failure,
        next: Option<Next<G::Node>>,
    ) -> Result<(), LogError> {
        let Some(recording) = &mut self.recording else { return Ok(()) };
        let next = next.map(named);
        let over = next.as_ref().and_then(over);
        let waits = next.is_some();
        let (step, failure) = (self.context.step, failure.into());
        recording.note(EntryKind::StepFailed { step, failure, next });
        if let Some(over) = over {
            recording.note(over);
        }
        if waits { recording.writer.commit().await } else { Ok(()) }
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
        let (node, step, attempt) = (name(self.at), self.context.step, self.context.attempt);
        let Some(recording) = &mut self.recording else { return Ok(()) };
        let patches = match W::patches(undo, &self.state) {
            Some(patches) => patches
                .map(|found| {
                    found.into_iter().map(|(key, patch)| (key.to_owned(), patch)).collect()
                })
                .map_err(|failed| LogError::NotSerialisable {
                    what: format!("field `{}`", failed.field),
                    reason: failed.source.to_string(),
                })?,
            None => whole_fields::<G>(recording.state_of(&self.state)?, declared),
        };
        let next = named(next);
        let over = over(&next);
        recording.writer.note(EntryKind::StepCommitted {
            step,
            node,
            attempt,
            patches,
            next: next.clone(),
        })?;
        recording.committed = recording.writer.cursor();
        if let Some(over) = over {
            recording.writer.note(over)?;
        }
        if recording.writer.wants_snapshot() {
            let snapshot = self.snapshot(Some(&next))?;
            if let Some(recording) = &mut self.recording {
                recording.writer.note(EntryKind::Snapshot(Box::new(snapshot)))?;
            }
        }
        Ok(())
    }

    /// What the session amounts to, if `next` follows the step that is about to be committed.
    pub(super) fn snapshot(&self, next: Option<&Next<String>>) -> Result<Snapshot, LogError> {
        let state = match &self.recording {
            Some(recording) => recording.state_of(&self.state)?,
            None => Document::new(),
        };
        let position = match (next, self.position) {
            (Some(Next::Node(node)), _) => Position::Unfinished(node.clone()),
            (Some(Next::Pause(node)), _) => Position::Rest(node.clone()),
            (Some(Next::End), _) | (None, Position::Ended) => Position::Ended,
            (None, Position::Rest(node)) => Position::Rest(name(node)),
            (None, Position::Unfinished(node)) => Position::Unfinished(name(node)),
        };
        let unfinished = matches!(position, Position::Unfinished(_)).then(|| UnfinishedRun {
            origin: name(self.origin),
            origin_failure: self.origin_failure.as_ref().map(Into::into),
            inputs: self.recording.as_ref().map_or(Value::Null, |found| found.inputs.clone()),
            shown: if next.is_some() { 0 } else { self.shown },
        });
        Ok(Snapshot {
            graph: mark::<G>(),
            version: G::State::VERSION,
            state,
            position,
            step: self.context.step + u64::from(next.is_some()),
            run: self.context.run,
            unfinished,
            failure: if next.is_some() { None } else { self.failure.as_ref().map(Into::into) },
        })
    }

    /// Records how a run came to its end, and waits for it.
    pub(super) async fn record_end(
        &mut self,
        result: &Result<Outcome<G::Node>, RunError>,
    ) -> Result<(), RunError> {
        let node = name(self.node());
        let Some(recording) = self.recording.as_mut().filter(|found| !found.writer.is_broken())
        else {
            return Ok(());
        };
        match result {
            // noted with the commit
            Ok(Outcome::Paused(_) | Outcome::Ended) => return Ok(()),
            Ok(Outcome::Halted(_)) => recording.note(EntryKind::RunHalted { node }),
            Ok(Outcome::Stopped(_)) => recording.note(EntryKind::RunStopped { node }),
            Err(error) => {
                let error = chain(error);
                recording.note(EntryKind::RunFailed { node, error });
            }
        }
        recording.writer.commit().await.map_err(|error| self.log_error(error))
    }

    /// Records that a run was dropped; without waiting, for nobody can.
    pub(super) fn record_cancel(&mut self) {
        let (node, unfinished) =
            (name(self.node()), matches!(self.position, Position::Unfinished(_)));
        let Some(recording) = &mut self.recording else { return };
        if recording.writer.is_broken() {
            recording.cancelled = true;
        } else if unfinished {
            recording.note(EntryKind::RunCancelled { node });
            recording.writer.hand_over_the_rest();
        }
    }

    /// Makes everything durable and lets go of the session.
    pub(super) async fn record_closed(&mut self) -> Result<(), RunError> {
        let Some(recording) = &mut self.recording else { return Ok(()) };
        recording.writer.close().await.map_err(|error| self.log_error(error))
    }

    /// Records that the session was put at its start.
    pub(super) fn record_reopened(&mut self) {
        if let Some(recording) = &mut self.recording {
            recording.note(EntryKind::SessionReopened { node: name(G::START) });
            recording.writer.hand_over_the_rest();
        }
    }

    /// Puts the session where the log says that it is.
    pub(super) fn restore(&mut self, moment: Moment) -> Result<(), RestoreError> {
        let (graph, version) = (moment.snapshot.graph.clone(), moment.snapshot.version);
        let restored = Restored::<G>::from_snapshot(moment.snapshot)?;
        self.state = restored.state;
        self.position = restored.position;
        self.at = self.node();
        self.context.step = restored.step;
        self.context.run = restored.run;
        self.failure = restored.failure;
        let inputs_json = match restored.unfinished {
            Some(run) => {
                self.origin = run.origin;
                self.origin_failure = run.origin_failure;
                self.shown = run.shown;
                self.inputs = run.inputs;
                run.inputs_json
            }
            None => {
                self.origin = self.node();
                self.origin_failure = None;
                self.shown = 0;
                self.inputs = None;
                Value::Null
            }
        };
        let changed = graph != mark::<G>() || version != G::State::VERSION;
        if let Some(recording) = &mut self.recording {
            recording.inputs = inputs_json;
        }
        if changed {
            // what follows is in the words of this graph and this version of the state
            let snapshot = self.snapshot(None).map_err(RestoreError::Snapshot)?;
            if let Some(recording) = &mut self.recording {
                recording.note(EntryKind::Snapshot(Box::new(snapshot)));
            }
        }
        Ok(())
    }
}

/// The patches of hand-written writes, which do not say what changed: every field they declare.
fn whole_fields<G: Graph>(mut state: Document, declared: FieldSet) -> Vec<(String, Patch)> {
    let fields = declared.iter().filter_map(|index| G::State::FIELDS.get(index));
    let patch = |key: &'static str| Some((key.to_owned(), Patch::Set(state.remove(key)?)));
    fields.map(|field| field.key).filter_map(patch).collect()
}

/// How a log names a graph.
fn mark<G: Graph>() -> GraphMark {
    GraphMark { name: G::TOPOLOGY.name.into(), hash: format!("{:016x}", G::TOPOLOGY.hash()) }
}

/// A snapshot in the types of a graph.
pub(super) struct Restored<G: Graph> {
    pub(super) state: G::State,
    pub(super) position: Position<G::Node>,
    pub(super) step: u64,
    run: u64,
    failure: Option<Failure>,
    unfinished: Option<RestoredRun<G>>,
}

struct RestoredRun<G: Graph> {
    origin: G::Node,
    origin_failure: Option<Failure>,
    inputs: Option<G::Inputs>,
    inputs_json: Value,
    shown: u64,
}

impl<G: Graph> Restored<G> {
    pub(super) fn from_snapshot(snapshot: Snapshot) -> Result<Self, RestoreError> {
        let failure = |record: Option<FailureRecord>| {
            record.map(|record| restore_failure::<G>(&record)).transpose()
        };
        let position = match snapshot.position {
            Position::Rest(node) => Position::Rest(find::<G>(&node)?),
            Position::Unfinished(node) => Position::Unfinished(find::<G>(&node)?),
            Position::Ended => Position::Ended,
        };
        let unfinished = match snapshot.unfinished {
            None => None,
            Some(run) => Some(RestoredRun {
                origin: find::<G>(&run.origin)?,
                origin_failure: failure(run.origin_failure)?,
                inputs: serde_json::from_value(run.inputs.clone()).ok(),
                inputs_json: run.inputs,
                shown: run.shown,
            }),
        };
        Ok(Self {
            state: restore_state(snapshot.version, snapshot.state)?,
            position,
            step: snapshot.step,
            run: snapshot.run,
            failure: failure(snapshot.failure)?,
            unfinished,
        })
    }
}

fn restore_state<S: State>(version: u32, document: Document) -> Result<S, RestoreError> {
    let document = Value::Object(S::migrate(version, document).map_err(RestoreError::Migrate)?);
    S::deserialize(&document).or_else(|error| {
        let field = serde_path_to_error::deserialize::<_, S>(&document)
            .err()
            .map(|error| error.path().to_string())
            .filter(|path| path != ".")
            .unwrap_or_default();
        Err(RestoreError::State { field, version, reason: error.to_string() })
    })
}

fn find<G: Graph>(node: &str) -> Result<G::Node, RestoreError> {
    let found = G::Node::ALL.iter().find(|known| known.name() == node);
    found.copied().ok_or_else(|| RestoreError::UnknownNode {
        node: node.to_owned(),
        graph: G::TOPOLOGY.name,
        nodes: G::Node::ALL.iter().map(|node| node.name()).collect::<Vec<_>>().join(", "),
    })
}

fn restore_failure<G: Graph>(record: &FailureRecord) -> Result<Failure, RestoreError> {
    let node = find::<G>(&record.node)?.name();
    let names = G::State::FIELDS.iter().map(|field| field.name);
    let inputs = G::TOPOLOGY.inputs.iter().map(|input| input.name);
    let cause = FailureCause::restore(&record.cause, names.chain(inputs));
    Ok(Failure::new(node, record.attempts, cause))
}

/// Why a session of the log does not fit the graph.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The session is at a node that the graph does not have any more.
    #[error(
        "the session is at node `{node}`, which the graph `{graph}` does not have (any more): give a node that name again, or fork the session before it came there; the nodes are {nodes}"
    )]
    UnknownNode {
        /// The node.
        node: String,
        /// The graph.
        graph: &'static str,
        /// Its nodes.
        nodes: String,
    },
    /// The recorded state does not have the state's type any more.
    #[error(
        "the recorded state of version {version} does not fit the state{}: {reason}; raise `#[state(version = …)]` and give it a migration, or have serde fill in a default", at(.field)
    )]
    State {
        /// Where in the state, as a path; empty when serde does not say.
        field: String,
        /// The version that it was recorded with.
        version: u32,
        /// What serde says.
        reason: String,
    },
    /// A migration failed, or the state is of a newer version than the program knows.
    #[error(transparent)]
    Migrate(crate::state::MigrateError),
    /// The state as it is now cannot be recorded.
    #[error(transparent)]
    Snapshot(LogError),
}

fn at(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(" at `{field}`") }
}
