//! An optional write is not an `Option`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub history: Vector<String>,
    pub count: u32,
    pub reply: Slot<Vector<String>>,
    pub ticket: Slot<u32>,
}

#[action(state = Chat, writes(count?))]
async fn hear(#[input] prompt: &String) -> Result<Writes> {
    Ok(Writes { count: prompt.len() as u32 }) //~ prompt.len() as u32
}

fn main() {}
