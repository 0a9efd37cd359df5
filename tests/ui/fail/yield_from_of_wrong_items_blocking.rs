//! The items of an iterator in `yield_from!` are of another type.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[streaming_action(state = Chat, yields(u32), blocking)]
fn speak() -> Result<Writes> {
    let words = ["three"];
    yield_from!(words); //~ words
    Ok(Writes {})
}

fn main() {}
