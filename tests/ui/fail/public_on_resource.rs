//! Only inputs can be public, not resources.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn ask(#[resource] text: &String) -> Result<Writes> {
    Ok(Writes { prompt: text.clone() })
}

graph! {
    Main(Chat) {
        resources { #[public] text: String } //~ public
        nodes { first: ask }
        start first;
        first -> pause first;
    }
}

fn main() {}
