//! Actions in one module do not conflict, and two graphs can use the same action.

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

#[streaming_action(state = Chat, reads(count), yields(u32))]
async fn speak(chat: Reads<'_>) -> Result<Writes> {
    yield_!(*chat.count);
    Ok(Writes {})
}

graph! {
    First(Chat) {
        nodes { ask, answer, again: answer }
        start ask;
        ask -> answer;
        answer -> again;
        again -> pause ask;
    }
}

graph! {
    Second(Chat) {
        yields u64;
        nodes { ask, answer, speak }
        start ask;
        ask -> answer;
        answer -> speak;
        speak -> end;
    }
}
