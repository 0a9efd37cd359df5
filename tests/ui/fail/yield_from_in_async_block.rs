//! `yield_from!` is not allowed in an `async` block.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[streaming_action(state = Chat, yields(u32))]
async fn speak() -> Result<Writes> {
    async { yield_from!(futures::stream::iter([3])) }.await; //~ yield_from
    Ok(Writes {})
}

fn main() {}
