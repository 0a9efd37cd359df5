//! A condition cannot call a method of the state.

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
        count -> if state.few() { count } else { end }; //~ few
    }
}

impl Chat {
    pub fn few(&self) -> bool {
        self.count < 3
    }
}

fn main() {}
