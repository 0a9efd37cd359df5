//! A node with an `#[error]` argument cannot be the start.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn apologise(#[error] failure: &burdock::Failure) -> Result<Writes> {
    Ok(Writes { prompt: failure.to_string() })
}


graph! {
    Main(Chat) {
        nodes { apologise } //~ apologise
        start apologise;
        apologise -> pause apologise;
    }
}

fn main() {}
