//! A log stores the fields of a state.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)] //~ transparent
pub struct Chat {
    pub count: u32,
}

fn main() {}
