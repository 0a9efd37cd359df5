//! An app: a session that is open for writing.

use super::{
    Position, Run, RunError,
    session::{Begin, Session},
};
use crate::{
    event::Published,
    graph::{Graph, Node},
    stream::Inlet,
    sync::Mutex,
};
use std::{fmt, future::poll_fn, time::Duration};

/// A session that is open for writing: a graph, the committed state, the position, and an id.
///
/// A run borrows it mutably, so two runs of one app cannot overlap.
pub struct App<G: Graph> {
    pub(super) session: Session<G>,
    /// The consumer's end of the one-item slot; see `Session::outlet` for the lock.
    pub(super) inlet: Mutex<Inlet<Published<G>>>,
    pub(super) grace: Duration,
}

impl<G: Graph> App<G> {
    /// The id of the session.
    pub fn id(&self) -> &str {
        &self.session.context.session
    }

    /// The state as of the last commit.
    pub fn state(&self) -> &G::State {
        &self.session.state
    }

    /// Where the session is.
    pub fn position(&self) -> Position<G::Node> {
        self.session.position
    }

    /// Begins a run where the last one paused, or at the start.
    ///
    /// On an app whose last run is unfinished it ends with [`RunError::Unfinished`], on one that
    /// has ended with [`RunError::Ended`]; no input is ever ignored.
    pub fn run(&mut self, inputs: G::Inputs) -> Run<'_, G> {
        Run::new(self, Begin::Run(inputs))
    }

    /// Goes on with an unfinished run, with the inputs that it was given.
    ///
    /// The step at the position runs again; what it had shown is superseded.
    pub fn resume(&mut self) -> Run<'_, G> {
        Run::new(self, Begin::Resume)
    }

    /// Goes back to where an unfinished run began, keeps the committed state, and runs with new
    /// inputs.
    pub fn restart(&mut self, inputs: G::Inputs) -> Run<'_, G> {
        Run::new(self, Begin::Restart(inputs))
    }

    /// Puts an app that has ended at its start; the state is kept.
    ///
    /// # Errors
    /// [`RunError::NotEnded`] for any other position.
    pub fn reopen(&mut self) -> Result<(), RunError> {
        match self.session.position {
            Position::Ended => {
                self.session.position = Position::Rest(G::START);
                self.session.failure = None;
                Ok(())
            }
            Position::Rest(node) | Position::Unfinished(node) => {
                Err(RunError::NotEnded { node: node.name() })
            }
        }
    }

    /// Closes the session and gives its state; waits for the threads of blocking actions.
    ///
    /// # Cancel safety
    /// Dropping the future leaves threads that end by themselves.
    pub async fn close(self) -> G::State {
        let threads = &self.session.context.threads;
        poll_fn(|cx| threads.poll_idle(cx)).await;
        self.session.state
    }
}

impl<G: Graph> fmt::Debug for App<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("graph", &G::TOPOLOGY.name)
            .field("id", &self.id())
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}
