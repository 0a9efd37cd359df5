//! `Reads` and `Writes` cannot be names of actions.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat)]
async fn Writes() -> Result<Writes> { //~ Writes
    Ok(Writes {})
}

fn main() {}
