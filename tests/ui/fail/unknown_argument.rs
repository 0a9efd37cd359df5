//! The arguments of the attribute are known.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, raeds(count))] //~ raeds
async fn work() -> Result<Writes> {
    Ok(Writes {})
}

fn main() {}
