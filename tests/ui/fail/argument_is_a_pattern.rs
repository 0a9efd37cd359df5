//! An argument is an identifier.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(count))]
async fn work(#[input] (a, b): (u32, u32)) -> Result<Writes> { //~ (a, b)
    Ok(Writes { count: a + b })
}

fn main() {}
