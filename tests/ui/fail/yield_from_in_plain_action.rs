//! Only streaming actions can yield.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat)]
async fn speak() -> Result<Writes> {
    yield_from!(3); //~ yield_from
    Ok(Writes {})
}

fn main() {}
