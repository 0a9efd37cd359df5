//! An action returns the whole list for a field in `appends`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub history: Vector<String>,
    pub count: u32,
    pub reply: Slot<Vector<String>>,
    pub ticket: Slot<u32>,
}

#[action(state = Chat, appends(history))]
async fn hear(#[input] prompt: &String) -> Result<Writes> {
    Ok(Writes { history: Vector::from([prompt.clone()]) }) //~ Vector::from([prompt.clone()])
}

fn main() {}
