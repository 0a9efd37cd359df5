//! The end of a child's run.

use crate::{
    graph::{Graph, Node},
    log::{ChildEnd, ChildRecord, Document, SessionId},
    outcome::{Outcome, RestoreError},
    progress::Position,
    run::{find, restore_state},
    state::{State, fields_to_json},
};
use serde_json::Value;
use std::fmt;

/// The end of a child's run: its outcome and its state.
///
/// The outcome is [`Outcome::Ended`] or [`Outcome::Paused`].
pub struct SubEnd<G: Graph> {
    pub(super) outcome: Outcome<G::Node>,
    pub(super) state: G::State,
    pub(super) session: SessionId,
}

impl<G: Graph> SubEnd<G> {
    /// The outcome of the run.
    pub fn outcome(&self) -> Outcome<G::Node> {
        self.outcome
    }

    /// The state of the child.
    pub fn state(&self) -> &G::State {
        &self.state
    }

    /// Converts the end into the state of the child.
    pub fn into_state(self) -> G::State {
        self.state
    }

    /// The session of the child. Without a log, it is discarded when the step of the parent is committed.
    pub fn session(&self) -> &SessionId {
        &self.session
    }

    /// Returns the end that a parent has recorded.
    pub(super) fn from_record(child: &ChildRecord, end: &ChildEnd) -> Result<Self, RestoreError> {
        let outcome = match &end.position {
            Position::Rest(node) => Outcome::Paused(find::<G>("the child has paused at", node)?),
            Position::Unfinished(node) => {
                Outcome::Stopped(find::<G>("the child was stopped at", node)?)
            }
            Position::Ended => Outcome::Ended,
        };
        let state = restore_state::<G::State>(end.version, end.state.clone())?;
        Ok(Self { outcome, state, session: child.session.clone() })
    }

    /// Returns the record of this end.
    pub(super) fn to_record(&self) -> Result<ChildEnd, serde_json::Error> {
        let position = match self.outcome {
            Outcome::Paused(node) => Position::Rest(node.name().to_owned()),
            Outcome::Halted(node) | Outcome::Stopped(node) => {
                Position::Unfinished(node.name().to_owned())
            }
            Outcome::Ended => Position::Ended,
        };
        let state = match fields_to_json(&self.state)? {
            Value::Object(state) => state,
            _ => Document::new(),
        };
        Ok(ChildEnd { position, version: G::State::VERSION, state })
    }
}

impl<G: Graph> fmt::Debug for SubEnd<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubEnd")
            .field("outcome", &self.outcome)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
