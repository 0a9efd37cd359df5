//! The item of `yield_!` is a whole expression, also inside another macro call.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[streaming_action(state = Chat, yields(u32))]
async fn speak() -> Result<Writes> {
    assert!(yield_!(1 + ).is_stop()); //~ )
    Ok(Writes {})
}

fn main() {}
