//! The description of a graph that an action runs as a child.

use super::{BindingInfo, Graph, Topology};
use std::fmt;

/// A graph that an action runs as a child: an argument `#[graph] name: Sub<'_, Graph>`.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct ChildInfo {
    /// The name of the argument.
    pub name: &'static str,
    /// The type of the graph, as written.
    pub graph: &'static str,
    /// The resources of the graph, which its parents must have.
    pub resources: &'static [BindingInfo],
    /// A function, because graphs that contain each other have no constant topologies of finite size.
    topology: fn() -> Topology,
}

impl ChildInfo {
    /// Returns the description of a graph that an argument runs.
    pub const fn of<G: Graph>(name: &'static str, graph: &'static str) -> Self {
        Self { name, graph, resources: G::RESOURCES, topology: || G::TOPOLOGY }
    }

    /// Creates the description of a graph that has no type.
    #[cfg(test)]
    pub(crate) const fn to(name: &'static str, topology: fn() -> Topology) -> Self {
        Self { name, graph: "", resources: &[], topology }
    }

    /// Returns the topology of the graph.
    pub fn topology(&self) -> Topology {
        (self.topology)()
    }
}

impl PartialEq for ChildInfo {
    fn eq(&self, other: &Self) -> bool {
        (self.name, self.graph) == (other.name, other.graph)
    }
}

impl fmt::Debug for ChildInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildInfo")
            .field("name", &self.name)
            .field("graph", &self.graph)
            .finish_non_exhaustive()
    }
}

/// The type of a graph itself, available after it has been checked. Expansions name the graph of an argument as
/// `<G as AsGraph<{ is_graph::<G>() }>>::Graph`: if it is not a graph, the type is rustc's error type, which causes no further
/// errors.
#[doc(hidden)]
pub trait AsGraph<const CHECKED: bool> {
    type Graph;
}

impl<G> AsGraph<true> for G {
    type Graph = G;
}

/// Compiles only for a graph.
#[doc(hidden)]
pub const fn is_graph<G: Graph>() -> bool {
    true
}
