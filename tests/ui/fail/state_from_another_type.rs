//! A log stores the fields of a state.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "u32")] //~ from
pub struct Chat {
    pub count: u32,
}

impl From<u32> for Chat {
    fn from(count: u32) -> Self {
        Self { count }
    }
}

fn main() {}
