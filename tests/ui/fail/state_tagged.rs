//! A log stores the fields of a state and nothing else.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "type")] //~ tag
pub struct Chat {
    pub count: u32,
}

fn main() {}
