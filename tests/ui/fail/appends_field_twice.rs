//! A field is listed twice in `appends`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub history: Vector<String>,
    pub count: u32,
    pub reply: Slot<Vector<String>>,
    pub ticket: Slot<u32>,
}

#[action(state = Chat, appends(history, history))] //~ history
async fn hear(#[input] prompt: &String) -> Result<Writes> {
    Ok(Writes { history: vec![prompt.clone()] })
}

fn main() {}
