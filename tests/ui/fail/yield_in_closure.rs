//! `yield_!` is not allowed in a closure.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[streaming_action(state = Chat, yields(u32))]
async fn speak() -> Result<Writes> {
    let say = |number: u32| yield_!(number); //~ yield_
    say(3);
    Ok(Writes {})
}

fn main() {}
