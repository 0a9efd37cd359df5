//! From what a log holds to a session in the types of a graph.

use super::{Position, RestoreError, session::Session};
use crate::{
    action::{Failure, FailureCause},
    graph::{Graph, Node},
    log::{Document, FailureRecord, Moment, Snapshot},
    panics::discard,
    state::{FieldSet, State, read},
};
use serde_json::Value;
use std::{mem, sync::Arc};

impl<G: Graph> Session<G> {
    /// Puts the session where the log says that it is.
    pub(super) fn restore(&mut self, moment: Moment) -> Result<(), RestoreError> {
        let restored = Restored::from_snapshot(&self.context.session, moment.snapshot)?;
        self.adopt(restored)
    }

    pub(super) fn adopt(&mut self, restored: Restored<G>) -> Result<(), RestoreError> {
        discard("a state", mem::replace(&mut self.state, restored.state));
        self.position = restored.position;
        self.at = self.node();
        self.context.step = restored.step;
        self.context.run = restored.run;
        self.failure = restored.failure;
        self.origin = self.node();
        self.origin_failure = None;
        self.shown = 0;
        discard("inputs", self.inputs.take());
        let mut inputs = Value::Null;
        if let Some(run) = restored.unfinished {
            self.origin = run.origin;
            self.origin_failure = run.origin_failure;
            self.shown = run.shown;
            self.inputs = run.inputs;
            inputs = run.inputs_json;
        }
        self.record_restored(inputs, restored.changed).map_err(RestoreError::Snapshot)
    }
}

/// What a session has to do with the node of its position.
const AT: &str = "the session is at";

/// A snapshot in the types of a graph.
pub(super) struct Restored<G: Graph> {
    pub(super) state: G::State,
    pub(super) position: Position<G::Node>,
    pub(super) step: u64,
    pub(super) run: u64,
    failure: Option<Failure>,
    unfinished: Option<RestoredRun<G>>,
    /// Whether another graph or another version of the state wrote it.
    changed: bool,
}

struct RestoredRun<G: Graph> {
    origin: G::Node,
    origin_failure: Option<Failure>,
    inputs: Option<G::Inputs>,
    inputs_json: Value,
    shown: u64,
}

impl<G: Graph> Restored<G> {
    /// Reads a snapshot of a session in the types of the graph, if the session is the graph's.
    pub(super) fn from_snapshot(session: &str, snapshot: Snapshot) -> Result<Self, RestoreError> {
        // names and types that fit by chance would let two graphs take over each other's sessions
        if G::TOPOLOGY.names().all(|name| name != snapshot.graph.name) {
            return Err(RestoreError::OtherGraph {
                session: session.to_owned(),
                owner: snapshot.graph.name,
                graph: G::TOPOLOGY.name,
            });
        }
        let changed = snapshot.graph != *G::mark() || snapshot.version != G::State::VERSION;
        let failure = |record: Option<FailureRecord>| {
            record.map(|record| restore_failure::<G>(&record)).transpose()
        };
        let position = match snapshot.position {
            Position::Rest(node) => Position::Rest(find::<G>(AT, &node)?),
            Position::Unfinished(node) => Position::Unfinished(find::<G>(AT, &node)?),
            Position::Ended => Position::Ended,
        };
        let unfinished = match snapshot.unfinished {
            None => None,
            Some(run) => Some(RestoredRun {
                origin: find::<G>("the unfinished run began at", &run.origin)?,
                origin_failure: failure(run.origin_failure)?,
                inputs: read(&run.inputs).ok(),
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
            changed,
        })
    }
}

impl<G: Graph> Restored<G> {
    /// Refuses a session that a run could not continue: the node of its position leads to a reader of a
    /// slot that has no value.
    pub(super) fn check_slots(&self) -> Result<(), RestoreError> {
        match self.position {
            // the proof of this graph covers what it wrote itself
            Position::Rest(node) | Position::Unfinished(node) if self.changed => {
                check_slots::<G>(node, &self.state)
            }
            _ => Ok(()),
        }
    }

    /// Refuses inputs of an unfinished run that do not fit, so that it could only be restarted.
    pub(super) fn check_inputs(&self) -> Result<(), RestoreError> {
        let Some(run) = self.unfinished.as_ref().filter(|run| run.inputs.is_none()) else {
            return Ok(());
        };
        let read = read::<G::Inputs>(&run.inputs_json);
        Err(RestoreError::Inputs {
            node: match self.position {
                Position::Rest(node) | Position::Unfinished(node) => node.name(),
                Position::Ended => "",
            },
            reason: read.err().map(|error| error.to_string()).unwrap_or_default(),
        })
    }
}

/// Refuses to run from a node that leads to a reader of a slot that has no value.
pub(super) fn check_slots<G: Graph>(node: G::Node, state: &G::State) -> Result<(), RestoreError> {
    let fields = G::State::FIELDS;
    let slots = (0..fields.len()).filter(|index| fields[*index].slot);
    let unset = slots.fold(FieldSet::EMPTY, FieldSet::with).minus(state.__set_slots());
    match G::TOPOLOGY.read_before_write(node.index(), unset) {
        None => Ok(()),
        Some((field, reader)) => Err(RestoreError::UnsetSlot {
            node: node.name(),
            graph: G::TOPOLOGY.name,
            field: fields[field].name,
            reader,
        }),
    }
}

pub(crate) fn restore_state<S: State>(version: u32, document: Document) -> Result<S, RestoreError> {
    let document = Value::Object(
        S::migrate(version, document).map_err(|error| RestoreError::Migrate(Arc::new(error)))?,
    );
    read(&document).map_err(|error: serde_path_to_error::Error<_>| RestoreError::Unreadable {
        field: Some(error.path().to_string()).filter(|path| path != ".").unwrap_or_default(),
        version,
        reason: error.into_inner().to_string(),
    })
}

pub(crate) fn find<G: Graph>(what: &'static str, node: &str) -> Result<G::Node, RestoreError> {
    let found = G::Node::ALL.iter().find(|known| known.name() == node);
    found.copied().ok_or_else(|| RestoreError::UnknownNode {
        what,
        node: node.to_owned(),
        graph: G::TOPOLOGY.name,
        nodes: G::Node::ALL.iter().map(|node| node.name()).collect::<Vec<_>>().join(", "),
    })
}

pub(crate) fn restore_failure<G: Graph>(record: &FailureRecord) -> Result<Failure, RestoreError> {
    let node = find::<G>("the session passes on a failure of", &record.node)?.name();
    let names = G::State::FIELDS.iter().map(|field| field.name);
    let inputs = G::TOPOLOGY.inputs.iter().map(|input| input.name);
    let cause = FailureCause::restore(&record.cause, names.chain(inputs));
    Ok(Failure::new(node, record.attempts, cause))
}
