//! Expansions of private items cause no warnings.
#![deny(warnings, unused, unreachable_pub)]

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Chat {
    count: u32,
    prompt: Slot<String>,
}

#[action(state = Chat, reads(count), writes(count, prompt))]
async fn ask(chat: Reads<'_>, #[input] text: String, more: u32) -> Result<Writes> {
    Ok(Writes { count: chat.count + more, prompt: text })
}

#[streaming_action(state = Chat, reads(prompt), yields(String))]
async fn answer(chat: Reads<'_>) -> Result<Writes> {
    yield_!(chat.prompt.clone());
    Ok(Writes {})
}

graph! {
    Main(Chat) {
        inputs { text: String }
        yields String;
        nodes { ask { more: 3 }, answer }
        start ask;
        ask -> answer;
        answer -> pause ask;
    }
}

#[test]
fn it_runs() {
    drop(Main::app());
    let _ = MainInputs { text: String::new() };
}
