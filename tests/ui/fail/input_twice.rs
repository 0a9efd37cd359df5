//! Inputs have different names.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn ask(#[input] text: String) -> Result<Writes> {
    Ok(Writes { prompt: text })
}


graph! {
    Main(Chat) {
        inputs { text: String, text: u32 } //~ text
        nodes { ask }
        start ask;
        ask -> pause ask;
    }
}

fn main() {}
