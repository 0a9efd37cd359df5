//! The version applies to the whole state.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    #[state(version = 2)] //~ version
    pub count: u32,
}

fn main() {}
