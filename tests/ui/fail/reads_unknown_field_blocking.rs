//! A field in `reads` is a field of the state, also in a blocking action.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, reads(cuont), writes(count), blocking)] //~ cuont
fn count(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: chat.cuont + 1 })
}

fn main() {}
