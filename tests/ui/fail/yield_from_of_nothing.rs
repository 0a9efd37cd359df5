//! `yield_from!` takes a stream.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[streaming_action(state = Chat, yields(u32))]
async fn speak() -> Result<Writes> {
    yield_from!(); //~ yield_from
    Ok(Writes {})
}

fn main() {}
