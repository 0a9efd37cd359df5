//! An `if` has an `else`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, reads(count), writes(count))]
async fn count(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: chat.count + 1 })
}


graph! {
    Main(Chat) {
        nodes { count }
        start count;
        count -> if state.count < 3 { count }; //~ if
    }
}

fn main() {}
