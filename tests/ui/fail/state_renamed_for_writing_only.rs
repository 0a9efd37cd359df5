//! A log reads the names that it writes.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub name: String,
    #[serde(rename(serialize = "a", deserialize = "b"))] //~ deserialize
    pub reply: Slot<String>,
}

fn main() {}
