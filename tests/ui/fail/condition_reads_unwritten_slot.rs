//! A condition reads a slot only where every path has written it.

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
        count -> if state.prompt.is_empty() { pause count } else { end }; //~ prompt
    }
}

fn main() {}
