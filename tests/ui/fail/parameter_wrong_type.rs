//! A parameter is bound to a value of its type.

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
        nodes { ask { text: 3 } } //~ 3
        start ask;
        ask -> pause ask;
    }
}

fn main() {}
