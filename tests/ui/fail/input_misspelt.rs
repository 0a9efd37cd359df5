//! A graph declares an input with the name that its actions need.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn other(#[input] texts: String) -> Result<Writes> {
    Ok(Writes { prompt: texts })
}

#[action(state = Chat, writes(prompt))]
async fn ask(#[input] text: String) -> Result<Writes> {
    Ok(Writes { prompt: text })
}

graph! {
    Main(Chat) {
        inputs { texts: String }
        nodes { first: other, second: ask } //~ ask
        start first;
        first -> second;
        second -> pause first;
    }
}

fn main() {}
