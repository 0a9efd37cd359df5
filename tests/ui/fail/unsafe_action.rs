//! An action is not `unsafe`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat)]
async unsafe fn work() -> Result<Writes> { //~ unsafe
    Ok(Writes {})
}

fn main() {}
