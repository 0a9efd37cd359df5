//! Inputs are stored in the log for `resume`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub turns: u32,
}

#[action(state = Chat, reads(turns), writes(turns))]
async fn listen(chat: Reads<'_>, #[input] by: u32) -> Result<Writes> {
    Ok(Writes { turns: chat.turns + by })
}

graph! {
    Chatting(Chat) {
        inputs {
            #[serde(skip)] //~ skip
            by: u32,
        }
        nodes { listen }
        start listen;
        listen -> pause;
    }
}

fn main() {}
