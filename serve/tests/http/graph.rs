//! A graph that echoes its input in upper case. Special words make it wait, fail or panic.

use burdock::{ActionError, Context, prelude::*};
use burdock_serve::{ChatGraph, ChatMessage, ChatRole, ChatUpdate};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::Semaphore;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Talk {
    #[state(public)]
    pub texts: Vector<String>,
    pub secret: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Word {
    pub text: String,
}

/// Releases a `wait!` for each permit.
#[derive(Clone, Debug)]
pub struct Gate(pub Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

#[action(state = Talk, reads(texts, secret), writes(texts, secret))]
pub async fn hear(talk: Reads<'_>, #[input] text: String) -> Result<Writes> {
    let mut texts = talk.texts.clone();
    texts.push_back(text);
    Ok(Writes { texts, secret: talk.secret + 1 })
}

/// Yields the words of the last text in upper case, one by one.
#[streaming_action(state = Talk, reads(texts), writes(texts), yields(Word))]
pub async fn speak(
    talk: Reads<'_>,
    #[resource] gate: &Gate,
    #[context] cx: &Context,
) -> Result<Writes> {
    let mut texts = talk.texts.clone();
    let heard = texts.last().cloned().unwrap_or_default();
    let mut answer = Vec::new();
    for word in heard.split_whitespace() {
        match word {
            "wait!" => {
                tokio::select! {
                    permit = gate.0.acquire() => permit.map_err(ActionError::from)?.forget(),
                    () = cx.stopped() => break,
                }
            }
            "fail!" => return Err(ActionError::msg("the words ran out")),
            "lines!" => {
                let long = "y".repeat(1_000);
                let text = format!("the first line \u{1b}x{long}\nthe second, with a secret");
                return Err(ActionError::msg(text));
            }
            "panic!" => panic!("a secret of the program"),
            word => {
                answer.push(word.to_uppercase());
                if (yield_!(Word { text: word.to_uppercase() })).is_stop() {
                    break;
                }
            }
        }
    }
    texts.push_back(answer.join(" "));
    Ok(Writes { texts })
}

graph! {
    /// Echoes its input.
    #[renamed_from("Parrot")]
    pub Echo(Talk) {
        inputs { text: String }
        resources { gate: Gate }
        yields Word;
        nodes { hear, speak }
        start hear;
        hear -> if state.secret < 100 { speak } else { end };
        speak -> pause hear;
    }
}

impl ChatGraph for Echo {
    fn inputs(prompt: String) -> EchoInputs {
        assert_ne!(prompt, "panic!", "a secret of the program");
        EchoInputs { text: prompt }
    }

    fn prompt(inputs: &EchoInputs) -> Option<&str> {
        Some(&inputs.text)
    }

    fn history(state: &Talk) -> Vec<ChatMessage> {
        let message = |(index, text): (usize, &String)| {
            let role = if index % 2 == 0 { ChatRole::User } else { ChatRole::Assistant };
            ChatMessage::new(role, text)
        };
        state.texts.iter().enumerate().map(message).collect()
    }

    fn update(item: &Word) -> Option<ChatUpdate> {
        Some(ChatUpdate::text(&*item.text))
    }
}
