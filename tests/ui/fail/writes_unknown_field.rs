//! A field in `writes` is a field of the state.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, reads(count), writes(cuont))] //~ cuont
async fn count(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { cuont: chat.count + 1 })
}

fn main() {}
