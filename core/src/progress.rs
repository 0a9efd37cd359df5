//! Where a session is, and what follows a step.

use serde::{Deserialize, Serialize};

/// Where a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position<N> {
    /// Between runs; the next one begins at this node.
    Rest(N),
    /// Within a run that failed, was stopped, cancelled or halted, at this node.
    Unfinished(N),
    /// Over.
    Ended,
}

impl<N> Position<N> {
    /// The same position with the node as something else, such as its name.
    pub fn map<M>(self, map: impl FnOnce(N) -> M) -> Position<M> {
        match self {
            Self::Rest(node) => Position::Rest(map(node)),
            Self::Unfinished(node) => Position::Unfinished(map(node)),
            Self::Ended => Position::Ended,
        }
    }
}

/// What follows a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next<N> {
    /// The run goes on with this node.
    Node(N),
    /// The run is over; the next one begins at this node.
    Pause(N),
    /// The run is over, and so is the session.
    End,
}
