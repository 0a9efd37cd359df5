//! A parameter is an owned value.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn work(text: &str) -> Result<Writes> { //~ text
    Ok(Writes { prompt: text.to_owned() })
}

fn main() {}
