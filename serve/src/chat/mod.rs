//! Chats: graphs that take a prompt, keep a history of messages, and yield text.

mod page;
mod reads;
mod routes;

pub(crate) use self::routes::{Chat, Chats, PromptBody, router};

use crate::event::EventProjection;
use burdock::Graph;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::marker::PhantomData;

/// A graph that can be used as a chat: maps its types to prompts, messages and text.
///
/// ```
/// # use burdock::prelude::*;
/// # use burdock_serve::{ChatGraph, ChatMessage};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Talk { texts: Vector<String> }
/// # #[streaming_action(state = Talk, reads(texts), writes(texts), yields(String))]
/// # async fn echo(talk: Reads<'_>, #[input] prompt: String) -> Result<Writes> {
/// #     yield_!(prompt.clone());
/// #     let mut texts = talk.texts.clone();
/// #     texts.push_back(prompt);
/// #     Ok(Writes { texts })
/// # }
/// # graph! {
/// #     Echo(Talk) {
/// #         inputs { prompt: String }
/// #         yields String;
/// #         nodes { echo }
/// #         start echo;
/// #         echo -> pause;
/// #     }
/// # }
/// impl ChatGraph for Echo {
///     fn inputs(prompt: String) -> EchoInputs {
///         EchoInputs { prompt }
///     }
///     fn prompt(inputs: &EchoInputs) -> Option<&str> {
///         Some(&inputs.prompt)
///     }
///     fn history(talk: &Talk) -> Vec<ChatMessage> {
///         let pair = |text: &String| [ChatMessage::user(text), ChatMessage::assistant(text)];
///         talk.texts.iter().flat_map(pair).collect()
///     }
///     fn text(item: &String) -> Option<&str> {
///         Some(item)
///     }
/// }
///
/// let talk = Talk { texts: ["hi".to_owned()].into_iter().collect() };
/// assert_eq!(Echo::history(&talk), [ChatMessage::user("hi"), ChatMessage::assistant("hi")]);
/// ```
pub trait ChatGraph: Graph<Item: DeserializeOwned> {
    /// Returns the inputs of a run that answers a prompt.
    fn inputs(prompt: String) -> Self::Inputs;

    /// Returns the prompt of a run, for readers other than its author; `None` if it has none.
    fn prompt(inputs: &Self::Inputs) -> Option<&str>;

    /// Returns the messages so far.
    fn history(state: &Self::State) -> Vec<ChatMessage>;

    /// Returns the text that an item adds to the answer; `None` for items that are not text.
    fn text(item: &Self::Item) -> Option<&str>;
}

/// A message of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ChatMessage {
    /// Its author.
    pub role: ChatRole,
    /// The text, in Markdown.
    pub text: String,
}

impl ChatMessage {
    /// Creates a message.
    pub fn new(role: ChatRole, text: impl Into<String>) -> Self {
        Self { role, text: text.into() }
    }

    /// Creates a message of the user.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(ChatRole::User, text)
    }

    /// Creates a message of the program.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(ChatRole::Assistant, text)
    }
}

/// The author of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChatRole {
    /// The user.
    User,
    /// The program.
    Assistant,
}

/// The projection of a chat: prompts, and items as text.
struct ChatText<G>(PhantomData<fn() -> G>);

impl<G: ChatGraph> EventProjection for ChatText<G> {
    fn prompt(&self, inputs: Value) -> Option<String> {
        let inputs = serde_json::from_value(inputs).ok()?;
        G::prompt(&inputs).map(str::to_owned)
    }

    fn item(&self, item: Value) -> Option<(Option<Value>, Option<String>)> {
        let item = serde_json::from_value(item).ok()?;
        Some((None, Some(G::text(&item)?.to_owned())))
    }
}
