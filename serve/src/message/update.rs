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

impl ChatCallUpdate {
    /// Creates an update with more text of the arguments.
    pub fn delta(index: usize, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self::Delta { index, name: name.into(), arguments: arguments.into() }
    }

    /// Creates an update with a change of the arguments.
    pub fn changed(index: usize, name: impl Into<String>, change: ChatChange) -> Self {
        Self::Changed { index, name: name.into(), change }
    }

    /// Creates an update with progress.
    pub fn progress(id: impl Into<String>, progress: impl Into<Value>) -> Self {
        Self::Progress { id: id.into(), progress: progress.into() }
    }

    /// Creates an update with the result.
    pub fn finished(id: impl Into<String>, result: ChatCallResult) -> Self {
        Self::Finished { id: id.into(), result }
    }
}

/// A change of a call of a tool.
///
/// The page shows the results of a call where the call was written, also if they are items of a later step. A step has at
/// most one turn of the model: the calls of a message follow its whole text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChatCallUpdate {
    /// The model writes a call.
    #[non_exhaustive]
    Delta {
        /// The number of the call in this step, from 0.
        index: usize,
        /// The name of the tool, in the first delta of the call; then empty.
        name: String,
        /// More text of the arguments: JSON that may be invalid.
        arguments: String,
    },
    /// The arguments of a call that the model writes change.
    #[non_exhaustive]
    Changed {
        /// The number of the call in this step, from 0.
        index: usize,
        /// The name of the tool.
        name: String,
        /// The change. The first one sets the arguments.
        change: ChatChange,
    },
    /// The next call of this step is complete. It replaces its deltas and changes.
    Written(ChatCall),
    /// A call starts.
    Started(ChatCall),
    /// The tool made progress.
    #[non_exhaustive]
    Progress {
        /// The id of the call.
        id: String,
        /// A text, or any other value.
        progress: Value,
    },
    /// A call ended.
    #[non_exhaustive]
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
    /// The name of the value.
    pub name: String,
    /// The change. The first one sets the value.
    pub change: ChatChange,
}

impl ChatValueUpdate {
    /// Creates a change of the value with this name.
    pub fn new(name: impl Into<String>, change: ChatChange) -> Self {
        Self { name: name.into(), change }
    }
}

/// A change of JSON: a path, and an edit of the value there.
///
/// ```
/// use burdock_serve::ChatChange;
///
/// let change: ChatChange = serde_json::from_str(r#"{"path": ["cities", 0], "append": "bon"}"#)?;
/// assert_eq!(serde_json::to_string(&change)?, r#"{"path":["cities",0],"append":"bon"}"#);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChatChange {
    /// The place of the change, from the root.
    pub path: Vec<ChatSegment>,
    /// The edit.
    #[serde(flatten)]
    pub edit: ChatEdit,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ChatSegment {
    /// A field of an object.
    Field(String),
    /// An element of a list, from 0.
    Index(usize),
}

/// An edit of a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChatEdit {
    /// Sets the value.
    Set(Value),
    /// Appends to a string.
    Append(String),
    /// Appends an element to a list.
    Push(Value),
    /// Ends the value; always `true`.
    Complete(bool),
}
