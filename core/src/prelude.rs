//! The imports of a program with a graph: `use burdock::prelude::*;`.

pub use crate::run::{RunOnce as _, Sub, SubEvent};
pub use crate::state::StateFields as _;
pub use crate::testing::TestAction as _;
pub use crate::{
    Action, Graph, OrdMap, Result, Slot, State, Vector, action, graph, streaming_action,
};
