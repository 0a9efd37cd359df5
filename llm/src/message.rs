//! Messages of a conversation between a program, its user and a model.

use crate::tool::ToolStatus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The author of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Role {
    /// The program, as instructions for the model.
    System,
    /// The user.
    User,
    /// The model.
    Assistant,
    /// The result of a function that the model called.
    Tool,
}

/// A message of a conversation, which can be stored in a state.
///
/// ```
/// use burdock_llm::{Message, Role};
///
/// let message = Message::user("What is a monad?");
/// assert_eq!(message.role, Role::User);
/// assert_eq!(serde_json::to_string(&message)?, r#"{"role":"User","text":"What is a monad?"}"#);
/// # Ok::<_, serde_json::Error>(())
/// ```
///
/// Fields are added in minor versions: create one with [`user`](Self::user), for example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Message {
    /// The author.
    pub role: Role,
    /// The text.
    pub text: String,
    /// The functions that the model calls; only with [`Role::Assistant`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// The id of the call that this is the result of; only with [`Role::Tool`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// How the call ended, if that is known; only with [`Role::Tool`]. It is not sent to providers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_status: Option<ToolStatus>,
}

impl Message {
    /// Creates a message of the program.
    pub fn system(text: impl Into<String>) -> Self {
        Self::new(Role::System, text)
    }

    /// Creates a message of the user.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, text)
    }

    /// Creates a message of the model.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, text)
    }

    /// Creates the result of a call.
    pub fn tool(call: &ToolCall, result: impl Into<String>) -> Self {
        Self { tool_call_id: Some(call.id.clone()), ..Self::new(Role::Tool, result) }
    }

    /// Adds calls of the model.
    #[must_use]
    pub fn with_tool_calls(mut self, calls: impl IntoIterator<Item = ToolCall>) -> Self {
        self.tool_calls.extend(calls);
        self
    }

    /// Returns whether the message has neither text nor calls.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.tool_calls.is_empty()
    }

    fn new(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            text: text.into(),
            tool_calls: Vec::new(),
            tool_call_id: None,
            tool_status: None,
        }
    }
}

/// A call of a function by a model.
///
/// Fields are added in minor versions: create one with [`new`](Self::new).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ToolCall {
    /// The id of the call. The message with its result refers to it.
    pub id: String,
    /// The name of the function.
    pub name: String,
    /// The arguments: an object, empty if the model sent none; a JSON string if the model wrote invalid
    /// JSON. A value that is not an object is sent back to providers as `{"arguments": …}`.
    pub arguments: Value,
    /// Data of the provider about the reasoning that led to the call. It is sent back with the call; Gemini rejects a
    /// history without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<String>,
}

impl ToolCall {
    /// Creates a call.
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<Value>,
    ) -> Self {
        let (id, name, arguments) = (id.into(), name.into(), arguments.into());
        Self { id, name, arguments, signatures: Vec::new() }
    }
}
