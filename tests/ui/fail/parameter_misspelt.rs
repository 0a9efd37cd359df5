//! A misspelt parameter is one error, not two.

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
        nodes { ask { txet: String::new() } } //~ txet
        start ask;
        ask -> pause ask;
    }
}

fn main() {}
