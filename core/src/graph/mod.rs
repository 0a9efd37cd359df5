//! Graphs: the order in which actions run, generated and checked by `graph!`.

pub(crate) mod child;
pub(crate) mod decision;
mod diagram;
pub(crate) mod facts;
pub(crate) mod fit;
pub(crate) mod flow;
mod mark;
pub(crate) mod names;
pub(crate) mod policy;
mod reads;
pub(crate) mod runner;
mod topology;

pub use self::child::ChildInfo;
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a graph",
    label = "not a graph",
    note = "`graph! {{ … }}` defines a graph"
)]
pub trait Graph: Scope<Inputs: Serialize + DeserializeOwned> {
    /// The state that the actions read and write.
    type State: State;
    /// The items that a run yields; [`NoItems`](crate::stream::NoItems) if no node yields any.
    type Item: Send + 'static;
    /// The enum of the nodes.
    type Node: Node;
    /// The writes of the nodes, as an enum with one variant per node.
    type Writes;

    /// The nodes, the edges and their declarations, for diagrams and tools.
    const TOPOLOGY: Topology;
    /// The node where a new session starts.
    const START: Self::Node;

    /// Runs the action of the runner's node; the runner commits its writes.
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

    /// Returns the function that evaluates the node's `#[timeout]` and `#[retry]`, if it has any.
    #[doc(hidden)]
    fn policy(_node: Self::Node) -> Option<fn() -> Policy> {
        None
    }

    /// Returns the first input that the node needs and that is missing.
    #[doc(hidden)]
    fn missing_input(node: Self::Node, inputs: &Self::Inputs) -> Option<&'static str>;

    /// Returns the identity of the graph in a log. It is cached, because hashing a large graph takes time.
    #[doc(hidden)]
    fn mark() -> &'static GraphMark;

    /// Reads back an item before it is appended to a log, if its type can be read.
    #[doc(hidden)]
    fn check_item(json: &serde_json::Value) -> Result<(), serde_json::Error> {
        let _ = json;
        Ok(())
    }

    /// Copies the fields that the node writes out of the state.
    #[doc(hidden)]
    fn writes(node: Self::Node, state: &Self::State) -> Self::Writes;
}

/// A node of a graph, implemented by the enum that `graph!` generates. The trait is sealed.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// use burdock::Node;
///
/// assert_eq!(CafeNode::ALL, [CafeNode::brew, CafeNode::pay]);
/// assert_eq!(CafeNode::pay.name(), "pay");
/// let node = CafeNode::ALL.iter().find(|node| node.name() == "brew"); // by the name from a request
/// assert_eq!(node, Some(&CafeNode::brew));
/// # Ok(()) }
/// ```
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

    /// Returns the node's name.
    fn name(self) -> &'static str;

    /// Returns the node's index in [`ALL`](Node::ALL).
    fn index(self) -> usize;
}
