//! Inputs are sized, because a graph stores them.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn ask(#[input] text: &str) -> Result<Writes> { //~ str
    Ok(Writes { prompt: text.to_owned() })
}

graph! {
    Main(Chat) {
        inputs { text: String }
        nodes { first: ask }
        start first;
        first -> pause first;
    }
}

fn main() {}
