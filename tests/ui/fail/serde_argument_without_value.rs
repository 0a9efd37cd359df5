//! serde's argument has no value.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all)] //~ )
pub struct Chat {
    pub count: u64,
}

#[action(state = Chat, reads(count), writes(count))]
async fn count(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: chat.count + 1 })
}

graph! {
    Main(Chat) {
        nodes { count }
        start count;
        count -> pause;
    }
}

fn main() {}
