//! Every resource is used by an action.

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


graph! {
    Main(Chat) {
        resources { llm: String } //~ llm
        nodes { ask }
        start ask;
        ask -> pause ask;
    }
}

fn main() {}
