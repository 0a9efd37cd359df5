//! A node names an action.

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


struct Elsewhere;

graph! {
    Main(Chat) {
        nodes { ask, answer: Elsewhere } //~ Elsewhere
        start ask;
        ask -> answer;
        answer -> pause ask;
    }
}

fn main() {}
