//! Arguments cannot have `cfg`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn ask(#[cfg(all())] #[input] text: String) -> Result<Writes> { //~ cfg
    Ok(Writes { prompt: text })
}

fn main() {}
