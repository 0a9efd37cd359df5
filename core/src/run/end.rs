//! How a run ends and where a session is.

use super::session::Session;
use crate::{graph::Graph, log::Offset};
use std::fmt;

/// How a run came to its end, unless with an error; there is no silent end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<N> {
    /// At a `pause`; the next run begins at this node.
    Paused(N),
    /// At an `end`: the session is over.
    Ended,
    /// At a `halt_before` or `halt_after`; [`resume`](crate::App::resume) goes on at this node.
    Halted(N),
    /// By a [`Stopper`](crate::Stopper); [`resume`](crate::App::resume) goes on at this node.
    Stopped(N),
}

impl<N: fmt::Display> fmt::Display for Outcome<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused(node) => write!(f, "paused before `{node}`"),
            Self::Ended => f.write_str("ended"),
            Self::Halted(node) => write!(f, "halted before `{node}`"),
            Self::Stopped(node) => write!(f, "stopped before `{node}`"),
        }
    }
}

/// The end of a run: how it ended, and the committed state.
pub struct End<'a, G: Graph> {
    pub(super) session: &'a Session<G>,
    pub(super) outcome: Outcome<G::Node>,
}

impl<'a, G: Graph> End<'a, G> {
    /// How the run ended.
    pub fn outcome(&self) -> Outcome<G::Node> {
        self.outcome
    }

    /// The last node that the run committed; `None` if it was stopped before its first commit.
    pub fn last(&self) -> Option<G::Node> {
        self.session.last
    }

    /// What the last node wrote.
    pub fn writes(&self) -> Option<G::Writes> {
        self.session.last.map(|node| G::writes(node, &self.session.state))
    }

    /// The session's last entry in the log; `None` without one.
    pub fn offset(&self) -> Option<Offset> {
        self.session.cursor().map(|cursor| cursor.offset)
    }

    /// The committed state.
    pub fn state(&self) -> &'a G::State {
        &self.session.state
    }
}

impl<G: Graph> fmt::Debug for End<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("End")
            .field("outcome", &self.outcome)
            .field("last", &self.session.last)
            .finish_non_exhaustive()
    }
}
