//! A chat that repeats what it is told, with inputs and fields of several types.

use burdock::prelude::*;
use burdock_serve::{ChatGraph, ChatMessage};
use serde::{Deserialize, Serialize};

/// What was said.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Talk {
    #[state(public)]
    said: Vector<String>,
    #[state(public)]
    seed: Slot<u64>,
}

#[streaming_action(state = Talk, reads(said), writes(said, seed), yields(String))]
pub(crate) async fn echo(
    talk: Reads<'_>,
    #[input] prompt: String,
    #[input] seed: Option<u64>,
) -> Result<Writes> {
    for word in prompt.split_inclusive(' ').take(3) {
        yield_!(word.to_owned());
    }
    let mut said = talk.said.clone();
    said.push_back(prompt);
    Ok(Writes { said, seed: seed.unwrap_or_default() })
}

graph! {
    /// Repeats the beginning of what it is told.
    pub(crate) Echo(Talk) {
        inputs { prompt: String, seed: Option<u64> }
        yields String;
        nodes { echo }
        start echo;
        echo -> if state.said.len() > 3 { end } else { pause };
    }
}

impl ChatGraph for Echo {
    fn inputs(prompt: String) -> EchoInputs {
        EchoInputs { prompt, seed: None }
    }

    fn prompt(inputs: &EchoInputs) -> Option<&str> {
        Some(&inputs.prompt)
    }

    fn history(talk: &Talk) -> Vec<ChatMessage> {
        let said = talk.said.iter().cloned();
        said.map(ChatMessage::user).collect()
    }

    fn text(word: &String) -> Option<&str> {
        Some(word)
    }
}
