//! An argument of the attribute is given once.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, reads(count), reads(prompt))] //~ reads
async fn work(chat: Reads<'_>) -> Result<Writes> {
    let _ = chat;
    Ok(Writes {})
}

fn main() {}
