//! How a log names a graph.

use super::Graph;
use serde::{Deserialize, Serialize};

/// Which graph wrote a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphMark {
    /// Its name.
    pub name: String,
    /// The hash of its topology, in hexadecimal digits.
    pub hash: String,
}

impl GraphMark {
    /// The mark of a graph.
    #[doc(hidden)]
    pub fn of<G: Graph>() -> Self {
        Self { name: G::TOPOLOGY.name.into(), hash: format!("{:016x}", G::TOPOLOGY.hash()) }
    }
}
