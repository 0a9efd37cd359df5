//! Optional inputs, borrowed ones, defaults, expressions.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[action(state = Chat, writes(prompt))]
async fn ask(
    #[input] text: String,
    #[input] hint: &Option<String>,
    #[input] number: &u32,
    #[resource] words: &Vec<String>,
    #[param(default = 3)] times: u32,
    #[param(default = vec!["a".to_owned()])] list: Vec<String>,
    map: fn(u32) -> u32,
) -> Result<Writes> {
    let _ = (hint, words, list);
    Ok(Writes { prompt: text.repeat(map(times + number) as usize) })
}

#[action(state = Chat)]
async fn hinted(#[input] hint: String) -> Result<Writes> {
    drop(hint);
    Ok(Writes {})
}

#[action(state = Chat, blocking)]
fn thread(
    #[input] hint: &String,
    #[input] text: String,
    #[resource] words: &Vec<String>,
) -> Result<Writes> {
    let _ = (hint, text, words.len());
    Ok(Writes {})
}

const TIMES: u32 = 3;

graph! {
    Main(Chat) {
        inputs { text: String, hint: Option<String>, number: u32 }
        resources { words: Vec<String> }
        nodes {
            ask { map: |number| number + 1 },
            again: ask { map: u32::count_ones, times: TIMES * 2, list: Vec::new() },
            hinted,
            thread,
        }
        start ask;
        ask -> again;
        again -> if state.count > 3 { hinted } else { thread };
        hinted | thread -> pause ask;
    }
}
