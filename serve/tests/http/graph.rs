//! A graph that says what it is told, and waits, fails and panics where it is told to.

use burdock::{ActionError, Context, prelude::*};
use burdock_serve::{ChatGraph, ChatMessage, ChatRole};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::Semaphore;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Talk {
    #[state(public)]
    pub said: Vector<String>,
    pub secret: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Word {
    pub text: String,
}

/// Lets `wait!` go on.
#[derive(Clone, Debug)]
pub struct Gate(pub Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

#[action(state = Talk, reads(said, secret), writes(said, secret))]
pub async fn hear(talk: Reads<'_>, #[input] text: String) -> Result<Writes> {
    let mut said = talk.said.clone();
    said.push_back(text);
    Ok(Writes { said, secret: talk.secret + 1 })
}

/// Says the words of what it heard last, one by one.
#[streaming_action(state = Talk, reads(said), writes(said), yields(Word))]
pub async fn speak(
    talk: Reads<'_>,
    #[resource] gate: &Gate,
    #[context] cx: &Context,
) -> Result<Writes> {
    let mut said = talk.said.clone();
    let heard = said.last().cloned().unwrap_or_default();
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
    said.push_back(answer.join(" "));
    Ok(Writes { said })
}

graph! {
    /// Says what it is told.
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
        state.said.iter().enumerate().map(message).collect()
    }

    fn text(item: &Word) -> Option<&str> {
        Some(&item.text)
    }
}
