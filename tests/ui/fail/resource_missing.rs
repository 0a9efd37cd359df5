//! A graph declares the resources that its actions need.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

struct Llm;

#[action(state = Chat, writes(prompt))]
async fn ask(#[resource] llm: &Llm) -> Result<Writes> {
    let _ = llm;
    Ok(Writes { prompt: String::new() })
}


graph! {
    Main(Chat) {
        nodes { first: ask } //~ ask
        start first;
        first -> pause first;
    }
}

fn main() {}
