//! Versions start at 1.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[state(version = 0)] //~ 0
pub struct Chat {
    pub count: u32,
}

fn main() {}
