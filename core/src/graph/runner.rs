//! The interface between a graph and the run that executes its nodes.

use super::Graph;
use crate::{
    action::{Action, Collect, FailureCause},
    stream::Convert,
};

/// Result of an attempt: a commit (the position then says which node runs next) or a failure.
///
/// It is small enough to be returned in registers; returning it through memory costs each step a
/// stalled load.
pub type StepResult = Result<(), Box<FailureCause>>;

/// Runs the action of one node. Implemented by a run; called by [`Graph::execute`] with the action of the
/// node.
pub trait NodeRunner<G: Graph>: Send + Sized {
    /// Returns the node to run.
    fn node(&self) -> G::Node;

    /// Makes one attempt at the action and commits its writes.
    fn run<A>(
        self,
        bind: impl FnOnce(&mut A::Params) + Send,
    ) -> impl Future<Output = StepResult> + Send
    where
        A: Action<State = G::State>,
        for<'a> A::Args<'a>: Collect<'a, G>,
        A::Yields: Convert<G::Item>;
}
