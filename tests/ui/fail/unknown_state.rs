//! The state of an action exists.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Caht, reads(count), writes(count))] //~ Caht
async fn work(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: chat.count + 1 })
}

fn main() {}
