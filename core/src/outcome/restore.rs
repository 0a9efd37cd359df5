//! Errors of sessions that do not fit the graph.

use crate::{graph::Reader, log::LogError, state::MigrateError};
use std::sync::Arc;

/// Why a session of the log does not fit the graph.
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
        /// The graph that it was to be opened with.
        graph: &'static str,
    },
    /// The session is at a node that the graph does not have any more, or needs it otherwise.
    #[error(
        "{what} node `{node}`, which the graph `{graph}` does not have (any more): give a node that name again, or fork the session before it came there; the nodes are {nodes}"
    )]
    UnknownNode {
        /// What the session has to do with it.
        what: &'static str,
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
    Unreadable {
        /// Where in the state, as a path; empty when serde does not say.
        field: String,
        /// The version that it was recorded with.
        version: u32,
        /// What serde says.
        reason: String,
    },
    /// Another version of the graph wrote the session, and this one reads a slot that has no value.
    #[error(
        "the session is at node `{node}` of graph `{graph}`, and from there {reader} reads the slot `{field}`, which has no value: give it one in a migration (`#[state(version = …, migrate = […])]`), or write it on the way from `{node}`"
    )]
    UnsetSlot {
        /// The node.
        node: &'static str,
        /// The graph.
        graph: &'static str,
        /// The slot.
        field: &'static str,
        /// What reads it.
        reader: Reader,
    },
    /// The inputs of an unfinished run do not fit the inputs of the graph. The session opens, and
    /// `restart` gives other inputs; only [`check_sessions`](crate::run::check_sessions) returns this.
    #[error("the inputs of the unfinished run at node `{node}` do not fit: {reason}")]
    Inputs {
        /// The node.
        node: &'static str,
        /// What serde says, with the path to it.
        reason: String,
    },
    /// A migration failed, or the state is of a newer version than the program knows.
    #[error(transparent)]
    Migrate(Arc<MigrateError>),
    /// The state as it is now cannot be recorded.
    #[error(transparent)]
    Snapshot(LogError),
}

fn at(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(" at `{field}`") }
}
