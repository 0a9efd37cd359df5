//! An action is not generic.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat)]
async fn work<T>(#[input] value: T) -> Result<Writes> { //~ T
    drop(value);
    Ok(Writes {})
}

fn main() {}
