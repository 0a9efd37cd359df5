//! A graph binds every parameter without a default.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn ask(text: String) -> Result<Writes> {
    Ok(Writes { prompt: text })
}


graph! {
    Main(Chat) {
        nodes { ask } //~ ask
        start ask;
        ask -> pause ask;
    }
}

fn main() {}
