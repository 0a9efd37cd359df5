//! `None` and a slot that is not set look the same when they are stored.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub answer: Slot<Option<String>>, //~ answer
}

fn main() {}
