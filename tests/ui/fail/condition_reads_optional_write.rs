//! A condition reads a slot after an optional write only.

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

graph! {
    Main(Chat) {
        inputs { prompt: String }
        nodes { hear }
        start hear;
        hear -> if state.ticket > 3 { end } else { pause }; //~ ticket
    }
}

fn main() {}
