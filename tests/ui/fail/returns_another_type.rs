//! An action returns its writes.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(count))]
async fn count() -> Result<u32> { //~ Result<u32>
    Ok(3)
}

fn main() {}
