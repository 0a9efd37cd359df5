//! An action has the state of its graph.

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


#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Other {
    pub count: u32,
}

#[action(state = Other, reads(count), writes(count))]
async fn other(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: chat.count + 1 })
}

graph! {
    Main(Chat) {
        nodes { ask, other } //~ other
        start ask;
        ask -> other;
        other -> pause ask;
    }
}

fn main() {}
