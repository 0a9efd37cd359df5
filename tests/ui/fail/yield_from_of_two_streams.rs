//! `yield_from!` takes one stream.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[streaming_action(state = Chat, yields(u32))]
async fn speak() -> Result<Writes> {
    yield_from!(futures::stream::iter([3]), 4); //~ 4
    Ok(Writes {})
}

fn main() {}
