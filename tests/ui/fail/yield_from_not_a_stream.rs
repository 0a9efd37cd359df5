//! `yield_from!` takes a stream, and an iterator only in a blocking action.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[streaming_action(state = Chat, yields(u32))]
async fn speak() -> Result<Writes> {
    let numbers = [3];
    yield_from!(numbers); //~ numbers
    Ok(Writes {})
}

fn main() {}
