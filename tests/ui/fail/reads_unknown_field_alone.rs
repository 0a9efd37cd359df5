//! An unknown field is one error, also beside other fields.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, reads(count, lost, prompt), writes(count))] //~ lost
async fn count(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: chat.count + chat.prompt.len() as u32 })
}

fn main() {}
