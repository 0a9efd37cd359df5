//! Expansions cause no warnings.
#![deny(warnings, missing_docs, unused)]

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

/// A message.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Message;

/// Does nothing, and cannot fail.
fn from_1(
    chat: burdock::log::Document,
) -> Result<burdock::log::Document, std::convert::Infallible> {
    Ok(chat)
}

/// A state.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[state(version = 2, migrate = [from_1])]
pub struct Chat {
    /// A number.
    pub count: u32,
    /// A slot.
    pub prompt: Slot<String>,
    /// A list.
    pub history: Vector<Message>,
}

/// Asks.
#[action(state = Chat, reads(count), writes(prompt, history))]
pub async fn ask(
    _chat: Reads<'_>,
    #[input] text: String,
    #[input] hint: &Option<String>,
    #[context] cx: &burdock::Context,
    #[param(default = 3)] more: u32,
) -> Result<Writes> {
    let _ = (hint, cx, more);
    Ok(Writes { prompt: text, history: Vector::new() })
}

/// Appends, and writes on some paths.
#[action(state = Chat, writes(prompt?, count?), appends(history))]
pub async fn note(#[input] text: &String) -> Result<Writes> {
    let prompt = (!text.is_empty()).then(|| text.clone());
    Ok(Writes { prompt, count: None, history: vec![Message] })
}

/// Appends on a thread.
#[action(state = Chat, appends(history), blocking)]
pub fn append() -> Result<Writes> {
    Ok(Writes { history: Vec::new() })
}

/// Streams.
#[streaming_action(state = Chat, reads(prompt), writes(count), yields(Message))]
pub async fn answer(chat: Reads<'_>, #[resource] number: &u32) -> Result<Writes> {
    if yield_!(Message).is_stop() {
        return Ok(Writes { count: 0 });
    }
    yield_!(Message);
    Ok(Writes { count: chat.prompt.len() as u32 + number })
}

/// Streams on a thread.
#[streaming_action(state = Chat, reads(prompt), yields(Message), blocking)]
pub fn think(chat: Reads<'_>) -> Result<Writes> {
    for _ in 0..chat.prompt.len() {
        yield_!(Message);
    }
    Ok(Writes {})
}

/// Does nothing.
#[action(state = Chat)]
pub fn rest() -> Result<Writes> {
    Ok(Writes {})
}

/// Takes a failure.
#[action(state = Chat)]
pub async fn apologise(#[error] failure: &burdock::Failure) -> Result<Writes> {
    let _ = failure;
    Ok(Writes {})
}

graph! {
    /// A graph.
    pub Main(Chat) {
        inputs {
            /// The question.
            text: String,
            hint: Option<String>,
        }
        resources { number: u32 }
        yields Message;
        nodes {
            /// The first one.
            #[retry(3)]
            ask,
            #[timeout(std::time::Duration::from_secs(60))]
            answer,
            think,
            rest,
            apologise,
        }
        start ask;
        ask -> if state.prompt.is_empty() { pause } else { answer };
        answer -> match state.count {
            0 => think,
            1..9 if state.prompt.len() > 3 => rest,
            _ => if state.count > 20 { pause } else { end },
        };
        think | rest | apologise -> pause ask;
        on error ask | answer -> apologise;
        on error think -> if state.count > 3 { apologise } else { end };
    }
}

#[test]
fn it_runs() {
    drop(Main::app());
    let _ = (ask {}, answer {}, think {}, rest {}, apologise {});
}
