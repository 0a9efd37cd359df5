//! An action names its state.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(reads(count))]
async fn work(chat: Reads<'_>) -> Result<Writes> { //~ work
    let _ = chat;
    Ok(Writes {})
}

fn main() {}
