//! A function without the attribute is not an action.

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


#[allow(dead_code)]
async fn answer() {}

graph! {
    Main(Chat) {
        nodes { ask, answer } //~ answer
        start ask;
        ask -> answer;
        answer -> pause ask;
    }
}

fn main() {}
