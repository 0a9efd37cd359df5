//! A former name is a valid name of a graph.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
}

#[action(state = Chat, reads(count), writes(count))]
async fn count(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: chat.count + 1 })
}

graph! {
    #[renamed_from("My counter")] //~ "My counter"
    Counting(Chat) {
        nodes { count }
        start count;
        count -> pause;
    }
}

fn main() {}
