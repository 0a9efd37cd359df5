//! `public` is given once.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn ask(#[input] text: String) -> Result<Writes> {
    Ok(Writes { prompt: text })
}

graph! {
    Main(Chat) {
        inputs { #[public] #[public] text: String } //~ public
        nodes { first: ask }
        start first;
        first -> pause first;
    }
}

fn main() {}
