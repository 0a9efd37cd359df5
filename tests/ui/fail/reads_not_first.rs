//! `Reads` is the first argument.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, reads(count), writes(count))]
async fn work(step: u32, chat: Reads<'_>) -> Result<Writes> { //~ chat
    Ok(Writes { count: chat.count + step })
}

fn main() {}
