//! Restoring a session from a log into the types of a graph.

use super::{
    RestoreError,
    progress::{GraphProgress, from_raw},
};
use crate::{
    graph::{Graph, Node},
    log::{Document, Snapshot},
    state::{FieldSet, MigrateError, State, StateFields, read},
};
use serde_json::Value;
use std::sync::Arc;

/// A snapshot in the types of a graph.
pub(super) struct Restored<G: Graph> {
    pub(super) state: G::State,
    pub(super) progress: GraphProgress<G>,
    /// Whether another version of the graph or of the state wrote it.
    pub(super) changed: bool,
}

impl<G: Graph> Restored<G> {
    /// Reads a snapshot into the types of the graph. Returns an error if the session belongs to another graph.
    pub(super) fn from_snapshot(session: &str, snapshot: Snapshot) -> Result<Self, RestoreError> {
        let (graph, version, state, raw) = snapshot.into_parts();
        // without this check, graphs whose names and types happen to fit could open each other's sessions
        if G::TOPOLOGY.names().all(|name| name != graph.name) {
            return Err(RestoreError::OtherGraph {
                session: session.to_owned(),
                owner: graph.name,
                graph: G::TOPOLOGY.name,
            });
        }
        let changed = graph != *G::mark() || version != G::State::VERSION;
        let progress = from_raw::<G>(raw)?;
        Ok(Self { state: restore_state(version, state)?, progress, changed })
    }

    /// Returns an error if a run that continues the session could read a slot without a value.
    pub(super) fn check_slots(&self) -> Result<(), RestoreError> {
        match self.progress.position.node() {
            // for a session that this version of the graph wrote, the compiler has proved that it cannot
            Some(node) if self.changed => check_slots::<G>(*node, &self.state),
            _ => Ok(()),
        }
    }

    /// Returns an error if the inputs of an unfinished run do not fit, so that the run can only be restarted.
    pub(super) fn check_inputs(&self) -> Result<(), RestoreError> {
        let run = self.progress.unfinished.as_ref();
        let Some(run) = run.filter(|run| run.inputs.typed.is_none()) else {
            return Ok(());
        };
        let read = read::<G::Inputs>(&run.inputs.json);
        Err(RestoreError::Inputs {
            node: self.progress.position.node().map_or("", |node| node.name()),
            reason: read.err().map(|error| error.to_string()).unwrap_or_default(),
        })
    }
}

/// Returns an error if a run from `node` could read a slot without a value.
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
        S::migrate(version, document)
            .map_err(|error: MigrateError| RestoreError::Migrate(Arc::new(error)))?,
    );
    read(&document).map_err(|error: serde_path_to_error::Error<_>| RestoreError::Unreadable {
        field: Some(error.path().to_string()).filter(|path| path != ".").unwrap_or_default(),
        version,
        reason: error.into_inner().to_string(),
    })
}
