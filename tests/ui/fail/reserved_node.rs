//! Names that start with `__` are reserved.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn ask() -> Result<Writes> {
    Ok(Writes { prompt: String::new() })
}

graph! {
    Main(Chat) {
        nodes { __A0: ask } //~ __A0
        start __A0;
        __A0 -> end;
    }
}

fn main() {}
