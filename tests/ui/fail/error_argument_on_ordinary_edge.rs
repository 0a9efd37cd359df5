//! Only error edges lead to a node with an `#[error]` argument.

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

#[action(state = Chat, writes(prompt))]
async fn apologise(#[error] failure: &burdock::Failure) -> Result<Writes> {
    Ok(Writes { prompt: failure.to_string() })
}


graph! {
    Main(Chat) {
        nodes {
            ask,
            apologise, //~ apologise
        }
        start ask;
        ask -> apologise;
        on error ask -> apologise;
        apologise -> pause ask;
    }
}

fn main() {}
