//! A slot is read after an optional write only.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub history: Vector<String>,
    pub count: u32,
    pub reply: Slot<Vector<String>>,
    pub ticket: Slot<u32>,
}

#[action(state = Chat, writes(ticket?))]
async fn hear(#[input] prompt: &String) -> Result<Writes> {
    Ok(Writes { ticket: prompt.parse().ok() })
}

#[action(state = Chat, reads(ticket))]
async fn close(chat: Reads<'_>) -> Result<Writes> {
    assert!(*chat.ticket > 0);
    Ok(Writes {})
}

graph! {
    Main(Chat) {
        inputs { prompt: String }
        nodes {
            hear,
            close, //~ close
        }
        start hear;
        hear -> close;
        close -> pause;
    }
}

fn main() {}
