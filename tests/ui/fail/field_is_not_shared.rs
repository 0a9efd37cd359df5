//! A field that threads cannot share.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u64,
    pub cell: std::cell::Cell<u64>, //~ std::cell::Cell<u64>
}

#[action(state = Chat, reads(count), writes(count))]
async fn count(chat: Reads<'_>, by: u64) -> Result<Writes> {
    Ok(Writes { count: chat.count + by })
}

graph! {
    Main(Chat) {
        nodes { count { by: 1 } }
        start count;
        count -> pause;
    }
}

fn main() {}
