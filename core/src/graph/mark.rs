//! The identity of a graph in a log.

use super::Graph;
use crate::log::{GraphMark, SessionFilter};
use std::sync::Arc;

impl GraphMark {
    /// Returns the mark of a graph.
    #[doc(hidden)]
    pub fn of<G: Graph>() -> Self {
        Self { name: G::TOPOLOGY.name.into(), hash: format!("{:016x}", G::TOPOLOGY.hash()) }
    }
}

impl SessionFilter {
    /// Selects the sessions of a graph, including those recorded under its former names.
    pub fn of<G: Graph>() -> Self {
        Self { graphs: G::TOPOLOGY.names().map(Arc::from).collect(), ..Self::default() }
    }
}
