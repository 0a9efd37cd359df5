//! An invalid action causes no further errors in its graph.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, reads(count), writes(count, lost))] //~ lost
async fn count(chat: Reads<'_>) -> Result<Writes> {
    let lost = chat.count + 1;
    Ok(Writes { count: 0, lost })
}

graph! {
    Main(Chat) {
        nodes { count }
        start count;
        count -> pause count;
    }
}

fn main() {}
