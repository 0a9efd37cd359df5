//! A field whose name is a keyword is written with `r#`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub r#type: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(type))] //~ type
async fn work() -> Result<Writes> {
    Ok(Writes { r#type: 3 })
}

fn main() {}
