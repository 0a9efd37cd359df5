//! The end of a run as its caller sees it.

use super::session::Session;
use crate::{graph::Graph, log::Offset, outcome::Outcome};
use std::fmt;

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
        self.session.journal.cursor().map(|cursor| cursor.offset)
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
