//! Which action may follow which: what `graph!` generates, and what it proves.

pub(crate) mod decision;
pub(crate) mod facts;
pub(crate) mod fit;
pub(crate) mod flow;
mod mark;
pub(crate) mod names;
mod picture;
pub(crate) mod policy;
mod reads;
pub(crate) mod runner;
mod topology;

pub use self::names::name_hash;
pub(crate) use self::policy::Policy;
pub use self::policy::Retry;
pub use self::reads::Reader;
pub(crate) use self::runner::{NodeRunner, StepResult};
pub use self::topology::{BindingInfo, BoundParam, Edge, EdgeEnd, EdgeKind, NodeInfo, Topology};
pub use crate::progress::Next;

use self::decision::Decision;
use crate::{action::Scope, log::GraphMark, sealed::Sealed, state::State};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fmt::{Debug, Display},
    hash::Hash,
};

/// A graph of actions over one state; `graph!` implements it. The trait is sealed.
pub trait Graph: Scope<Inputs: Serialize + DeserializeOwned> {
    /// What the actions read and write.
    type State: State;
    /// What a run yields; [`NoItems`](crate::stream::NoItems) when no node streams.
    type Item: Send + 'static;
    /// The names of the nodes, as an enum.
    type Node: Node;
    /// What the nodes write, with one variant per node.
    type Writes;

    /// Nodes, edges and what they declare, for pictures and tools.
    const TOPOLOGY: Topology;
    /// Where a new session begins.
    const START: Self::Node;

    /// Runs the action of the runner's node, which commits it.
    #[doc(hidden)]
    fn execute(runner: impl NodeRunner<Self>) -> impl Future<Output = StepResult> + Send;

    /// Evaluates the node's transition on a candidate state.
    #[doc(hidden)]
    fn transition(node: Self::Node, state: &Self::State) -> Decision<Self>;

    /// Evaluates the node's `on error` edge, if it has one.
    #[doc(hidden)]
    fn on_error(_node: Self::Node, _state: &Self::State) -> Option<Decision<Self>> {
        None
    }

    /// Evaluates the node's `#[timeout]` and `#[retry]`, if it has any.
    #[doc(hidden)]
    fn policy(_node: Self::Node) -> Option<fn() -> Policy> {
        None
    }

    /// The first input that the node needs and that was not given.
    #[doc(hidden)]
    fn missing_input(node: Self::Node, inputs: &Self::Inputs) -> Option<&'static str>;

    /// How a log names the graph: the hash of a large one is worth keeping.
    #[doc(hidden)]
    fn mark() -> &'static GraphMark;

    /// Reads back an item that a log is about to have, if its type can be read.
    #[doc(hidden)]
    fn check_item(json: &serde_json::Value) -> Result<(), serde_json::Error> {
        let _ = json;
        Ok(())
    }

    /// Copies what the node wrote out of the state.
    #[doc(hidden)]
    fn writes(node: Self::Node, state: &Self::State) -> Self::Writes;
}

/// The name of a node; the enum that `graph!` generates implements it. The trait is sealed.
pub trait Node:
    Sealed
    + Copy
    + Eq
    + Ord
    + Hash
    + Debug
    + Display
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// All nodes in the order of their declaration.
    const ALL: &'static [Self];

    /// The names of all nodes, in the same order.
    const NAMES: &'static [&'static str];

    /// The node's name.
    fn name(self) -> &'static str;

    /// The node's place in [`ALL`](Node::ALL).
    fn index(self) -> usize;
}
