//! A field is written with a value of its type.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn ask() -> Result<Writes> {
    Ok(Writes { prompt: 3 }) //~ 3
}

fn main() {}
