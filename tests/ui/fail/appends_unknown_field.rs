//! A field in `appends` is misspelt.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub history: Vector<String>,
    pub count: u32,
    pub reply: Slot<Vector<String>>,
    pub ticket: Slot<u32>,
}

#[action(state = Chat, appends(histroy))] //~ histroy
async fn hear(#[input] prompt: &String) -> Result<Writes> {
    Ok(Writes { histroy: vec![prompt.clone()] })
}

fn main() {}
