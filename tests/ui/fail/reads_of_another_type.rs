//! An action lists `reads`, but its first argument has another type.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u64,
}

#[action(state = Chat, reads(count), writes(count))]
async fn count(chat: Chat) -> Result<Writes> { //~ Chat
    Ok(Writes { count: chat.count + 1 })
}

graph! {
    Main(Chat) {
        nodes { count, again: count }
        start count;
        count -> again;
        again -> pause;
    }
}

fn main() {}
