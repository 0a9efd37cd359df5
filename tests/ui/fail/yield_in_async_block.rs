//! `yield_!` is not allowed in an `async` block.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[streaming_action(state = Chat, yields(u32))]
async fn speak() -> Result<Writes> {
    async {
        yield_!(3); //~ yield_
    }
    .await;
    Ok(Writes {})
}

fn main() {}
