//! Errors of sessions that do not fit the graph.

use crate::{graph::Reader, log::LogError, state::MigrateError};
use std::sync::Arc;

/// The error of a session in the log that does not fit the graph.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The session belongs to another graph.
    #[error(
        "session `{session}` belongs to graph `{owner}` and cannot be opened with graph `{graph}`: use another session id, or, if `{owner}` was renamed to `{graph}`, write `#[renamed_from(\"{owner}\")]` before `{graph}`"
    )]
    OtherGraph {
        /// The session.
        session: String,
        /// The graph that wrote it.
        owner: String,
        /// The graph with which the session was opened.
        graph: &'static str,
    },
    /// The graph does not have a node to which the session refers, for example in its position.
    #[error(
        "{what} node `{node}`, which graph `{graph}` does not have: restore the name of the node, or fork the session from an earlier offset; the nodes are {nodes}"
    )]
    UnknownNode {
        /// The start of the message, before the node.
        what: &'static str,
        /// The node.
        node: String,
        /// The graph.
        graph: &'static str,
        /// Its nodes.
        nodes: String,
    },
    /// The recorded state no longer fits the type of the state.
    #[error(
        "the recorded state of version {version} does not fit the state{}: {reason}; raise `#[state(version = …)]` and add a migration, or add a serde default", at(.field)
    )]
    Unreadable {
        /// The path of the value in the state; empty if serde does not report it.
        field: String,
        /// The version of the recorded state.
        version: u32,
        /// The message of serde.
        reason: String,
    },
    /// Another version of the graph wrote the session, and this one reads a slot that has no value.
    #[error(
        "the session is at node `{node}` of graph `{graph}`, and from there {reader} reads the slot `{field}`, which has no value: set it in a migration (`#[state(version = …, migrate = […])]`), or write it on the path from `{node}` before that read"
    )]
    UnsetSlot {
        /// The node.
        node: &'static str,
        /// The graph.
        graph: &'static str,
        /// The slot.
        field: &'static str,
        /// The reader of the slot.
        reader: Reader,
    },
    /// The inputs of an unfinished run do not fit the inputs of the graph.
    ///
    /// Only [`check_sessions`](crate::run::check_sessions) returns this error. Such a session can be opened, and
    /// restarted with other inputs.
    #[error("the inputs of the unfinished run at node `{node}` do not fit: {reason}")]
    Inputs {
        /// The node.
        node: &'static str,
        /// The message of serde, with the path of the value.
        reason: String,
    },
    /// A migration failed, or the version of the state is newer than that of the program.
    #[error(transparent)]
    Migrate(Arc<MigrateError>),
    /// The restored state cannot be recorded.
    #[error(transparent)]
    Snapshot(LogError),
}

fn at(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(" at `{field}`") }
}
