//! The state of an agent, and its options.

use crate::{Message, Role, Summary, ToolCall, Usage, Window};
use burdock::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of an [`Agent`](crate::Agent): its conversation.
///
/// It may be a field of the state of a parent, which continues the conversation with
/// [`Sub::run_from`](burdock::run::Sub::run_from).
#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentState {
    /// All messages: prompts, answers, and the results of calls.
    pub history: Vector<Message>,
    /// The calls of the last answer, which have no results yet.
    pub calls: Vec<ToolCall>,
    /// The number of answers that the model may still give to the last prompt.
    pub turns_left: u32,
    /// How the last prompt ended; `None` while the agent works on it.
    pub end: Option<AgentEnd>,
    /// A summary of the older messages, with [`AgentMemory::Summary`].
    pub summary: Summary,
    /// The usage of all requests.
    #[state(public)]
    pub usage: Usage,
}

impl AgentState {
    /// Returns the answer to the last prompt; an empty text if there is none.
    pub fn answer(&self) -> &str {
        match self.history.last() {
            Some(message) if message.role == Role::Assistant => &message.text,
            _ => "",
        }
    }
}

/// How an agent ended its work on a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AgentEnd {
    /// The model answered.
    Answered,
    /// The answer is incomplete: it reached a length limit, or the provider withheld or lost the rest.
    Cut,
    /// A stop ended the answer. The history has the text until then.
    Stopped,
    /// The model still called tools in its last turn. The answer says that there is none.
    TurnLimit,
}

/// The options of an agent for a prompt.
///
/// Fields are added in minor versions: end a literal with `..AgentOptions::default()`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AgentOptions {
    /// The system prompt. Defaults to none.
    pub instructions: String,
    /// The greatest number of answers of the model for the prompt, at least 1. Defaults to 10.
    pub max_turns: u32,
    /// The names of the tools that the model may call. Defaults to all.
    pub tools: Option<Vec<String>>,
    /// The part of the conversation that the model reads. Defaults to all of it.
    pub memory: AgentMemory,
    /// The maximum length of an answer, in tokens.
    pub max_tokens: Option<u32>,
    /// The sampling temperature.
    pub temperature: Option<f64>,
}

impl Default for AgentOptions {
    fn default() -> Self {
        Self {
            instructions: String::new(),
            max_turns: 10,
            tools: None,
            memory: AgentMemory::default(),
            max_tokens: None,
            temperature: None,
        }
    }
}

/// The part of a conversation that the model reads. Tokens are [estimated](crate::estimate).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AgentMemory {
    /// All messages.
    #[default]
    All,
    /// The newest messages with at most this many tokens.
    Window(usize),
    /// The newest messages with at most this many tokens, and a [`Summary`] of the messages before them, which the model
    /// writes.
    Summary(usize),
}

impl AgentMemory {
    pub(super) fn window(self) -> Window {
        match self {
            Self::All => Window::all(),
            Self::Window(tokens) | Self::Summary(tokens) => Window::tokens(tokens),
        }
    }
}
