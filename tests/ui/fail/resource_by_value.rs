//! A resource is taken by reference.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(count))]
async fn work(#[resource] count: u32) -> Result<Writes> { //~ u32
    Ok(Writes { count })
}

fn main() {}
