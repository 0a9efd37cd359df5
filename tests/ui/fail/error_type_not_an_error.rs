//! The error of an action implements `Error`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[derive(Debug)]
struct Failed;

#[action(state = Chat)]
async fn fail() -> Result<Writes> {
    Err(Failed)?; //~ ?
    Ok(Writes {})
}

fn main() {}
