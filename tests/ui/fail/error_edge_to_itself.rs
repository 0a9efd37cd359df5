//! An error edge targets another node.

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
        nodes { ask }
        start ask;
        ask -> pause ask;
        on error ask -> ask; //~ ask
    }
}

fn main() {}
