//! The items of a stream in `yield_from!` are of another type.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[streaming_action(state = Chat, yields(u32))]
async fn speak() -> Result<Writes> {
    let words = futures::stream::iter(["three"]);
    yield_from!(words); //~ words
    Ok(Writes {})
}

fn main() {}
