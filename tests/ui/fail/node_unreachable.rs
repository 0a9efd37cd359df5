//! Every node is reachable.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn ask() -> Result<Writes> {
    Ok(Writes { prompt: String::new() })
}

#[action(state = Chat, reads(prompt), writes(count))]
async fn answer(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: chat.prompt.len() as u32 })
}


graph! {
    Main(Chat) {
        nodes { ask, answer } //~ answer
        start ask;
        ask -> pause ask;
        answer -> pause ask;
    }
}

fn main() {}
