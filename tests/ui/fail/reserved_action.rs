//! Names that start with `__` are reserved.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat)]
async fn __Args() -> Result<Writes> { //~ __Args
    Ok(Writes {})
}

fn main() {}
