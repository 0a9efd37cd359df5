//! An action is not `const`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat)]
const fn work() -> Result<Writes> { //~ const
    Ok(Writes {})
}

fn main() {}
