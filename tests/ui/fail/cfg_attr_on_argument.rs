//! Arguments cannot have `cfg_attr`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn ask(#[cfg_attr(all(), input)] text: String) -> Result<Writes> { //~ cfg_attr
    Ok(Writes { prompt: text })
}

fn main() {}
