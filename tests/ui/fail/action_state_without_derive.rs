//! The state of an action derives `State`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
}

#[action(state = Chat, reads(count))] //~ Chat
async fn work(chat: Reads<'_>) -> Result<Writes> {
    let _ = chat;
    Ok(Writes {})
}

fn main() {}
