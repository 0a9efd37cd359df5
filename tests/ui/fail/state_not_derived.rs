//! A graph adds one error, at its own state.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
}

#[action(state = Chat, reads(count), writes(count))] //~ Chat
async fn count(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: chat.count + 1 })
}

graph! {
    Main(Chat) {
        nodes { count }
        start count;
        count -> if state.count < 3 { count } else { end };
    }
}

fn main() {}
