//! An action is not `extern`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat)]
extern "C" fn work() -> Result<Writes> { //~ extern "C"
    Ok(Writes {})
}

fn main() {}
