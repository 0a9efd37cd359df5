//! The trait of tools, and what a model knows of one.

use super::Progress;
use crate::ToolCall;
use burdock::ActionError;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// The description of a tool for a model.
///
/// [`#[tool]`](macro@crate::tool) generates it from a function. One that is written by hand makes a tool that the
/// program runs itself:
///
/// ```
/// # use burdock_llm::{Message, Model, Request, Script, Scripted, ToolCall, ToolDefinition};
/// # use serde_json::json;
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let call = ToolCall::new("1", "add", json!({ "a": 3, "b": 4 }));
/// # let llm = Scripted::new([Script::new().call(call), Script::new().say("7")]);
/// let add = ToolDefinition::new("add", "Adds two numbers.", json!({
///     "type": "object",
///     "properties": { "a": { "type": "number" }, "b": { "type": "number" } },
///     "required": ["a", "b"],
/// }));
/// let mut request = Request::prompt("What is 3 + 4?").tool(add);
/// let whole = llm.chat(request.clone()).whole().await?;
/// let call = whole.tool_calls[0].clone();
/// assert_eq!((call.name.as_str(), &call.arguments), ("add", &json!({ "a": 3, "b": 4 })));
///
/// request.messages.extend([whole.into(), Message::tool(&call, "7")]);
/// assert_eq!(llm.chat(request).whole().await?.text, "7");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolDefinition {
    /// The name.
    pub name: String,
    /// A description for the model.
    pub description: String,
    /// The JSON schema of the arguments.
    pub schema: Value,
}

impl ToolDefinition {
    /// Creates a definition with a JSON schema of the arguments.
    pub fn new(name: impl Into<String>, description: impl Into<String>, schema: Value) -> Self {
        Self { name: name.into(), description: description.into(), schema }
    }
}

/// A function that a model may call, with the resources that it uses.
///
/// [`#[tool]`](macro@crate::tool) implements it for a function. An implementation by hand can decide at run time what
/// the tool is, for example one of an MCP server:
///
/// ```
/// use burdock::ActionError;
/// use burdock_llm::{Tools, ToolCall, ToolDefinition, tool::{Progress, Tool}};
/// use futures::{FutureExt, future::BoxFuture};
/// use serde_json::{Value, json};
///
/// /// Answers with its arguments.
/// struct Echo;
///
/// impl Tool for Echo {
///     fn definition(&self) -> ToolDefinition {
///         ToolDefinition::new("echo", "Repeats its arguments.", json!({ "type": "object" }))
///     }
///
///     fn call<'a>(
///         &'a self,
///         call: &'a ToolCall,
///         _: Progress<'a, Value>,
///     ) -> BoxFuture<'a, Result<String, ActionError>> {
///         async move { Ok(call.arguments.to_string()) }.boxed()
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tools = Tools::new().with(Echo);
/// let call = ToolCall::new("1", "echo", json!({ "a": 1 }));
/// let results = tools.run([call]).whole().await?;
/// assert_eq!(results[0].text, r#"{"a":1}"#);
/// # Ok(()) }
/// ```
pub trait Tool: Send + Sync {
    /// Returns the description for the model.
    fn definition(&self) -> ToolDefinition;

    /// Returns how long a call may take. `None`, the default, is the limit of [`Tools::timeout`](super::Tools::timeout).
    fn timeout(&self) -> Option<Duration> {
        None
    }

    /// Calls the tool, and returns the text of its result for the model.
    ///
    /// # Errors
    /// The text of a retryable error becomes the result that the model reads. A terminal one ends the run of the
    /// calls.
    ///
    /// # Cancel safety
    /// The future is dropped when the run of the calls is dropped or stopped, and when the call takes too long.
    fn call<'a>(
        &'a self,
        call: &'a ToolCall,
        progress: Progress<'a, Value>,
    ) -> BoxFuture<'a, Result<String, ActionError>>;
}
