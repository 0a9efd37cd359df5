//! A field in `reads` is marked as optional.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub history: Vector<String>,
    pub count: u32,
    pub reply: Slot<Vector<String>>,
    pub ticket: Slot<u32>,
}

#[action(state = Chat, reads(count?), writes(count))] //~ ?
async fn hear(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: chat.count + 1 })
}

fn main() {}
