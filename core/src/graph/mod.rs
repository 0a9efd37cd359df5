//! Which action may follow which: what `graph!` generates, and what it proves.

mod facts;
mod fit;
mod flow;
mod mark;
mod names;
mod picture;
mod policy;
mod reads;
mod runner;
mod topology;

#[doc(hidden)]
pub use self::facts::{Facts, NoFacts, Over, Unfit, Unvisitable, Visit, bind, retry, timeout};
#[doc(hidden)]
pub use self::fit::{check_items, check_needs};
#[doc(hidden)]
pub use self::flow::{
    Checked, Declared, Fact, check_condition, check_error_condition, check_input, check_node,
    check_resource, check_yields, node_infos,
};
pub use self::names::{deserialize_node, name_hash};
pub use self::policy::{Policy, Retry};
pub use self::reads::Reader;
#[doc(hidden)]
pub use self::runner::{NodeRunner, StepResult};
pub use self::topology::{BindingInfo, BoundParam, Edge, EdgeEnd, EdgeKind, NodeInfo, Topology};
pub use crate::progress::Next;

use crate::{
    action::{Scope, UnsetSlot},
    log::GraphMark,
    sealed::Sealed,
    state::State,
};
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

    /// The node's name.
    fn name(self) -> &'static str;

    /// The node's place in [`ALL`](Node::ALL).
    fn index(self) -> usize;
}

/// What a transition decides, unless it looks at a slot that has no value.
#[doc(hidden)]
pub type Decision<G> = Result<Next<<G as Graph>::Node>, UnsetSlot>;

/// Makes sure that a transition looks at a field that has a value.
#[doc(hidden)]
#[inline]
#[expect(clippy::needless_pass_by_value, reason = "it holds a reference")]
pub fn check_set<T>(value: Option<T>, field: &'static str) -> Result<(), UnsetSlot> {
    match value {
        Some(_) => Ok(()),
        None => Err(UnsetSlot(field)),
    }
}
