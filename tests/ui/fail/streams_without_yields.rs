//! A graph with a streaming node declares what it yields.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[streaming_action(state = Chat, yields(String))]
async fn speak() -> Result<Writes> {
    yield_!(String::new());
    Ok(Writes {})
}


graph! {
    Main(Chat) {
        nodes { first: speak } //~ first
        start first;
        first -> pause first;
    }
}

fn main() {}
