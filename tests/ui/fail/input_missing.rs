//! A graph declares the inputs that its actions need.

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
        nodes { first: ask } //~ ask
        start first;
        first -> pause first;
    }
}

fn main() {}
