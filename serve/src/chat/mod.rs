//! Chats: graphs that take a prompt, keep a history, and yield text.

mod page;
mod reads;
mod routes;

pub(crate) use self::routes::router;

use crate::event::Telling;
use burdock::Graph;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::marker::PhantomData;

/// A graph that can be chatted with: what the page needs to know of its types.
pub trait ChatGraph: Graph<Item: DeserializeOwned> {
    /// The inputs of a run that answers a prompt.
    fn inputs(prompt: String) -> Self::Inputs;

    /// The prompt that a run answers, for readers who did not write it.
    fn prompt(inputs: &Self::Inputs) -> Option<&str>;

    /// What was said so far.
    fn history(state: &Self::State) -> Vec<ChatMessage>;

    /// What an item adds to the answer; `None` for items that are no text.
    fn text(item: &Self::Item) -> Option<&str>;
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Who.
    pub role: ChatRole,
    /// What, in Markdown.
    pub text: String,
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatRole {
    /// The person.
    User,
    /// The program.
    Assistant,
}

/// Tells items as text.
struct AsText<G>(PhantomData<fn() -> G>);

impl<G: ChatGraph> Telling for AsText<G> {
    fn prompt(&self, inputs: Value) -> Option<String> {
        let inputs = serde_json::from_value(inputs).ok()?;
        G::prompt(&inputs).map(str::to_owned)
    }

    fn item(&self, item: Value) -> Option<(Option<Value>, Option<String>)> {
        let item = serde_json::from_value(item).ok()?;
        Some((None, Some(G::text(&item)?.to_owned())))
    }
}
