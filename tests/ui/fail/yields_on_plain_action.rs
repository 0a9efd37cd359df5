//! Only streaming actions can yield.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, yields(u32))] //~ yields
async fn speak() -> Result<Writes> {
    Ok(Writes {})
}

fn main() {}
