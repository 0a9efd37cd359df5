//! A field is listed twice in `writes`, once as optional.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub history: Vector<String>,
    pub count: u32,
    pub reply: Slot<Vector<String>>,
    pub ticket: Slot<u32>,
}

#[action(state = Chat, writes(count, count?))] //~ count
async fn hear(#[input] prompt: &String) -> Result<Writes> {
    drop(prompt); Ok(Writes { count: 1 })
}

fn main() {}
