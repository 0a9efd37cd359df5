//! A blocking action is not `async`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, blocking)] //~ blocking
async fn work() -> Result<Writes> {
    Ok(Writes {})
}

fn main() {}
