//! Messages of a chat, and the changes of an answer while it grows.

#[cfg(feature = "llm")]
mod llm;
mod update;

pub use self::update::{
    ChatCallUpdate, ChatChange, ChatEdit, ChatSegment, ChatUpdate, ChatValueUpdate,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A message of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ChatMessage {
    /// Its author.
    pub role: ChatRole,
    /// The text, in Markdown.
    pub text: String,
    /// Values with different names, such as the answers of functions from prompts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ChatValue>,
    /// The calls of tools that follow the text. A message has those of one turn of the model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ChatCall>,
}

impl ChatMessage {
    /// Creates a message.
    pub fn new(role: ChatRole, text: impl Into<String>) -> Self {
        Self { role, text: text.into(), values: Vec::new(), calls: Vec::new() }
    }

    /// Creates a message of the user.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(ChatRole::User, text)
    }

    /// Creates a message of the program.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(ChatRole::Assistant, text)
    }

    /// Adds a value.
    #[must_use]
    pub fn with_value(mut self, value: ChatValue) -> Self {
        self.values.push(value);
        self
    }

    /// Adds calls of tools.
    #[must_use]
    pub fn with_calls(mut self, calls: impl IntoIterator<Item = ChatCall>) -> Self {
        self.calls.extend(calls);
        self
    }

    /// Returns about how much memory the message takes as JSON, in bytes.
    pub(crate) fn size(&self) -> usize {
        let calls = self.calls.iter().map(|call| {
            let result = call.result.as_ref().map_or(0, |result| result.text.len());
            call.id.len() + call.name.len() + size(&call.arguments) + result + 80
        });
        let values = self.values.iter().map(|value| value.name.len() + size(&value.value) + 24);
        self.text.len() + values.sum::<usize>() + calls.sum::<usize>()
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

/// A value in a chat, which the page shows as a table of its fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ChatValue {
    /// The name, which the page shows as a heading.
    pub name: String,
    /// The value.
    pub value: Value,
}

impl ChatValue {
    /// Creates a value. One that cannot be serialized is shown as the reason.
    pub fn new(name: impl Into<String>, value: &impl Serialize) -> Self {
        let value = serde_json::to_value(value);
        let value = value.unwrap_or_else(|error| Value::String(format!("not shown: {error}")));
        Self { name: name.into(), value }
    }
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ChatCall {
    /// Its id, by which updates refer to it.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// The arguments.
    pub arguments: Value,
    /// The result; `None` while the call is in progress, and if it was interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ChatCallResult")]
    pub result: Option<ChatCallResult>,
}

impl ChatCall {
    /// Creates a call without a result.
    pub fn new(id: impl Into<String>, name: impl Into<String>, arguments: Value) -> Self {
        Self { id: id.into(), name: name.into(), arguments, result: None }
    }

    /// Sets the result.
    #[must_use]
    pub fn with_result(mut self, result: ChatCallResult) -> Self {
        self.result = Some(result);
        self
    }
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ChatCallResult {
    /// How the call ended.
    pub status: ChatCallStatus,
    /// The result as text.
    pub text: String,
}

impl ChatCallResult {
    /// Creates a result.
    pub fn new(status: ChatCallStatus, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChatCallStatus {
    /// With a value.
    Succeeded,
    /// With an error.
    Failed,
    /// The run ended before the call did.
    Interrupted,
}

/// Returns about how much memory a value takes as JSON, in bytes.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(elements) => elements.iter().map(|element| size(element) + 1).sum::<usize>(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| key.len() + size(value) + 4).sum::<usize>()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}
