//! A condition reads fields, not the whole state.

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
        count -> if check(state) { count } else { end }; //~ state
    }
}

fn check(chat: &Chat) -> bool {
    chat.count < 3
}

fn main() {}
