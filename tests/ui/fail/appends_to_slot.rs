//! A field in `appends` is a slot, which has no list at first.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub history: Vector<String>,
    pub count: u32,
    pub reply: Slot<Vector<String>>,
    pub ticket: Slot<u32>,
}

#[action(state = Chat, appends(reply))] //~ reply
async fn hear(#[input] prompt: &String) -> Result<Writes> {
    Ok(Writes { reply: vec![prompt.clone()] })
}

fn main() {}
