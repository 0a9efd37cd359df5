//! The keyword `yield` is not stable, also inside a macro call.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[streaming_action(state = Chat, yields(u32))]
async fn speak() -> Result<Writes> {
    std::convert::identity(vec![yield 3]); //~ yield
    Ok(Writes {})
}

fn main() {}
