//! Items convert into the type that the graph yields.

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
        yields u32;
        nodes { first: speak } //~ speak
        start first;
        first -> pause first;
    }
}

fn main() {}
