//! An action reads a slot only where every path has written it.

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

#[action(state = Chat, reads(count), writes(count))]
async fn count(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: chat.count + 1 })
}


graph! {
    Main(Chat) {
        nodes {
            count,
            ask,
            answer, //~ answer
        }
        start count;
        count -> if state.count > 1 { ask } else { answer };
        ask -> answer;
        answer -> pause count;
    }
}

fn main() {}
