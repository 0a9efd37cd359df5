//! Chats: graphs that take a prompt, keep a history of messages, and yield text, calls of tools, and values.

mod page;
mod reads;
mod routes;

pub(crate) use self::routes::{Chat, Chats, PromptBody, router};

use crate::{
    event::{EventProjection, ItemParts},
    message::{ChatMessage, ChatUpdate},
};
use burdock::Graph;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::marker::PhantomData;

/// A graph that can be used as a chat: maps its types to prompts, messages and text.
///
/// ```
/// # use burdock::prelude::*;
/// # use burdock_serve::{ChatGraph, ChatMessage, ChatUpdate};
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
///     fn update(item: &String) -> Option<ChatUpdate> {
///         Some(ChatUpdate::text(item))
///     }
/// }
///
/// let talk = Talk { texts: ["hi".to_owned()].into_iter().collect() };
/// assert_eq!(Echo::history(&talk), [ChatMessage::user("hi"), ChatMessage::assistant("hi")]);
/// ```
///
/// With the feature `llm`, `ChatMessage::of_history` and `ChatUpdate` convert the types of `burdock-llm`.
pub trait ChatGraph: Graph<Item: DeserializeOwned> {
    /// Returns the inputs of a run that answers a prompt.
    fn inputs(prompt: String) -> Self::Inputs;

    /// Returns the prompt of a run, for readers other than its author; `None` if it has none.
    fn prompt(inputs: &Self::Inputs) -> Option<&str>;

    /// Returns the messages so far.
    fn history(state: &Self::State) -> Vec<ChatMessage>;

    /// Returns the change of the answer by an item; `None` for items that a chat does not show.
    ///
    /// This selects what a chat shows, not what clients can read: the events of every graph have all items as they are.
    fn update(item: &Self::Item) -> Option<ChatUpdate>;

    /// Returns a line about the session, for example its usage, which the page shows below the conversation. Defaults to
    /// `None`.
    fn note(state: &Self::State) -> Option<String> {
        let _ = state;
        None
    }
}

/// The projection of a chat: prompts, and items as updates.
struct ChatItems<G>(PhantomData<fn() -> G>);

impl<G: ChatGraph> EventProjection for ChatItems<G> {
    fn prompt(&self, inputs: Value) -> Option<String> {
        let inputs = serde_json::from_value(inputs).ok()?;
        G::prompt(&inputs).map(str::to_owned)
    }

    fn item(&self, item: Value) -> Option<ItemParts> {
        let item = serde_json::from_value(item).ok()?;
        Some(G::update(&item)?.into())
    }
}
