//! A former name is listed once.

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
    #[renamed_from("Counter")]
    #[renamed_from("Counter")] //~ "Counter"
    Counting(Chat) {
        nodes { count }
        start count;
        count -> pause;
    }
}

fn main() {}
