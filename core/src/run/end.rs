//! The end of a run.

use super::session::Session;
use crate::{graph::Graph, log::Offset, outcome::Outcome};
use std::fmt;

/// The end of a run: its outcome and the committed state.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// use burdock::Outcome;
///
/// let mut app = Cafe::app().build().await?;
/// let end = app.run(CafeInputs { cups: 2 }).await?;
/// assert_eq!(end.outcome(), Outcome::Paused(CafeNode::brew)); // the node of the next run
/// assert_eq!(end.state().cups, 2);
/// match end.writes() {
///     Some(CafeWrites::pay(writes)) => assert_eq!(writes.paid, 4),
///     _ => unreachable!("the run has ended after `pay`"),
/// }
/// # Ok(()) }
/// ```
pub struct End<'a, G: Graph> {
    pub(super) session: &'a Session<G>,
    pub(super) outcome: Outcome<G::Node>,
}

impl<'a, G: Graph> End<'a, G> {
    /// The outcome of the run.
    pub fn outcome(&self) -> Outcome<G::Node> {
        self.outcome
    }

    /// Returns the node of the run's last commit; `None` if the run was stopped before its first commit.
    pub fn last(&self) -> Option<G::Node> {
        self.session.last_committed
    }

    /// Returns a copy of the writes of the last commit; `None` if the run has not committed a step.
    pub fn writes(&self) -> Option<G::Writes> {
        let Session { last_committed, last_extent, state, .. } = self.session;
        last_committed.map(|node| G::writes(node, state, last_extent))
    }

    /// Returns the offset of the session's last entry in the log; `None` without a log.
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
            .field("last", &self.session.last_committed)
            .finish_non_exhaustive()
    }
}
