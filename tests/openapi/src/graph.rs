//! A chat that repeats its prompts, with inputs and fields of several types.

use burdock::prelude::*;
use burdock_serve::{ChatGraph, ChatMessage, ChatUpdate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The manner of a reply.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Manner {
    Plain,
    Loud { times: u8, after: i64 },
    With(Vec<Note>),
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Note {
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    about: Option<Box<Note>>,
}

/// The prompts, and the last other inputs.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Talk {
    #[state(public)]
    prompts: Vector<String>,
    #[state(public)]
    seed: Slot<u64>,
    #[state(public)]
    manner: Slot<Manner>,
    #[state(public)]
    seeds: OrdMap<String, u64>,
}

#[streaming_action(state = Talk, reads(prompts, seeds), writes(prompts, seed, seeds, manner), yields(String))]
pub(crate) async fn echo(
    talk: Reads<'_>,
    #[input] prompt: String,
    #[input] seed: Option<u64>,
    #[input] manner: Option<Manner>,
) -> Result<Writes> {
    for word in prompt.split_inclusive(' ').take(3) {
        yield_!(word.to_owned());
    }
    let mut prompts = talk.prompts.clone();
    let seed = seed.unwrap_or_default();
    let seeds = talk.seeds.with(prompt.clone(), seed);
    prompts.push_back(prompt);
    Ok(Writes { prompts, seed, seeds, manner: manner.unwrap_or(Manner::Plain) })
}

graph! {
    /// Repeats the first three words of the prompt.
    pub(crate) Echo(Talk) {
        inputs { prompt: String, seed: Option<u64>, #[public] manner: Option<Manner> }
        yields String;
        nodes { echo }
        start echo;
        echo -> if state.prompts.len() > 3 { end } else { pause };
    }
}

impl ChatGraph for Echo {
    fn inputs(prompt: String) -> EchoInputs {
        EchoInputs { prompt, seed: None, manner: None }
    }

    fn prompt(inputs: &EchoInputs) -> Option<&str> {
        Some(&inputs.prompt)
    }

    fn history(talk: &Talk) -> Vec<ChatMessage> {
        let prompts = talk.prompts.iter().cloned();
        prompts.map(ChatMessage::user).collect()
    }

    fn update(word: &String) -> Option<ChatUpdate> {
        Some(ChatUpdate::text(word))
    }
}
