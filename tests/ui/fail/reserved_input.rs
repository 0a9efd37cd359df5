//! Names that start with `__` are reserved.

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
        inputs { __text: String } //~ __text
        nodes { first: ask }
        start first;
        first -> pause first;
    }
}

fn main() {}
