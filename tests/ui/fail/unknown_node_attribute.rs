//! A node takes only `timeout`, `retry` and docs.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn ask() -> Result<Writes> {
    Ok(Writes { prompt: String::new() })
}


graph! {
    Main(Chat) {
        nodes {
            #[timout(std::time::Duration::from_secs(1))] //~ timout
            ask,
        }
        start ask;
        ask -> pause ask;
    }
}

fn main() {}
