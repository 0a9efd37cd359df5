//! The markers of arguments are known.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(count))]
async fn work(#[inptu] count: u32) -> Result<Writes> { //~ inptu
    Ok(Writes { count })
}

fn main() {}
