//! Independent errors are reported together.

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

#[action(state = Chat, reads(prompt), writes(count))]
async fn answer(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: chat.prompt.len() as u32 })
}


graph! {
    Main(Chat) {
        inputs { text: String, text: u32 }
        nodes { ask, answer, lost, answer }
        start aks;
        ask -> if state.count > 1 { answer };
        answer -> pause akss;
        answer -> end;
        lost -> lost;
        on error ask -> ask;
    }
}

#[action(state = Chat, reads(count, count), raeds(prompt))]
async fn lost<T>(chat: Reads<'_>, text: &str) -> Result<Writes> {
    yield_!(3);
    Ok(Writes {})
}

fn main() {}
