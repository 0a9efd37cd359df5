//! A streaming action declares what it yields.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[streaming_action(state = Chat)]
async fn speak() -> Result<Writes> { //~ speak
    yield_!(3);
    Ok(Writes {})
}

fn main() {}
