//! Changes of an answer while it grows.

use super::{ChatCall, ChatCallResult};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A change of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChatUpdate {
    /// More text, in Markdown.
    Text(String),
    /// A change of a call.
    Call(ChatCallUpdate),
    /// A change of a value.
    Value(ChatValueUpdate),
}

impl ChatUpdate {
    /// Creates an update with more text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// A change of a call of a tool.
///
/// The page shows the results of a call where the call was written, also if they are items of a later step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChatCallUpdate {
    /// The model writes a call.
    Delta {
        /// The number of the call in this step, from 0.
        index: usize,
        /// The name of the tool, in the first delta of the call; then empty.
        name: String,
        /// More text of the arguments: JSON that may be invalid.
        arguments: String,
    },
    /// The arguments of a call that the model writes change.
    Changed {
        /// The number of the call in this step, from 0.
        index: usize,
        /// The name of the tool.
        name: String,
        /// The change in the form of `burdock_json::Change`. The first one sets the arguments.
        change: Value,
    },
    /// The next call of this step is complete. It replaces its deltas and changes.
    Written(ChatCall),
    /// A call starts.
    Started(ChatCall),
    /// The tool made progress.
    Progress {
        /// The id of the call.
        id: String,
        /// A text, or any other value.
        progress: Value,
    },
    /// A call ended.
    Finished {
        /// The id of the call.
        id: String,
        /// Its result.
        result: ChatCallResult,
    },
}

/// A change of a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ChatValueUpdate {
    /// The heading above the value.
    pub name: String,
    /// The change in the form of `burdock_json::Change`: `{"path": ["city"], "append": "bon"}`.
    pub change: Value,
}

impl ChatValueUpdate {
    /// Creates a change. One with the path `[]` and `set` replaces the value.
    pub fn new(name: impl Into<String>, change: Value) -> Self {
        Self { name: name.into(), change }
    }
}
