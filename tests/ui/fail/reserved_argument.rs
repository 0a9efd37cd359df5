//! Names that start with `__` are reserved.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(count))]
async fn work(#[input] __args: u32) -> Result<Writes> { //~ __args
    Ok(Writes { count: __args })
}

fn main() {}
