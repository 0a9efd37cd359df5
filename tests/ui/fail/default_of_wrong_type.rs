//! The default of a parameter has its type.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(count))]
async fn work(#[param(default = "three")] count: u32) -> Result<Writes> { //~ "three"
    Ok(Writes { count })
}

fn main() {}
