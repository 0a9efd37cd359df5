//! What is said between a program, its user and a model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who said a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Role {
    /// The program, to the model.
    System,
    /// The person at the keyboard.
    User,
    /// The model.
    Assistant,
    /// A function that the model asked to be called.
    Tool,
}

/// One turn of a conversation; what a state keeps.
///
/// ```
/// use burdock_llm::{Message, Role};
///
/// let said = Message::user("What is a monad?");
/// assert_eq!(said.role, Role::User);
/// assert_eq!(serde_json::to_string(&said)?, r#"{"role":"User","text":"What is a monad?"}"#);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub text: String,
    /// What the model asked to be called; of [`Role::Assistant`] only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Which call this is the result of; of [`Role::Tool`] only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
}

impl Message {
    /// Makes a message of the program.
    pub fn system(text: impl Into<String>) -> Self {
        Self::new(Role::System, text)
    }

    /// Makes a message of the user.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, text)
    }

    /// Makes a message of the model.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, text)
    }

    /// Makes the result of a call.
    pub fn tool(call: &ToolCall, result: impl Into<String>) -> Self {
        Self { tool_call_id: Some(call.id.clone()), ..Self::new(Role::Tool, result) }
    }

    /// Adds what the model asked to be called.
    #[must_use]
    pub fn with_tool_calls(mut self, calls: impl IntoIterator<Item = ToolCall>) -> Self {
        self.tool_calls.extend(calls);
        self
    }

    /// Tells whether there is neither text nor a call in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.tool_calls.is_empty()
    }

    fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into(), tool_calls: Vec::new(), tool_call_id: None }
    }
}

/// What a model asks to be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolCall {
    /// Which call it is; its result names it.
    pub id: String,
    /// The name of the function.
    pub name: String,
    /// Its arguments: an object, empty if the model gave none; a JSON string if the model wrote invalid
    /// JSON. Anything but an object is sent back to providers as `{"arguments": …}`.
    pub arguments: serde_json::Value,
}
