//! One error names all unknown fields.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, reads(count, lost, found), writes(count, lost))] //~ lost
async fn count(chat: Reads<'_>) -> Result<Writes> {
    let lost: u32 = *chat.lost;
    Ok(Writes { count: chat.count + chat.found.len(), lost })
}

fn main() {}
