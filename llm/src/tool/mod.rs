//! Tools: functions that a model calls.
//!
//! [`#[tool]`](macro@crate::tool) turns a function into a [`Tool`], whose description and JSON schema come from the
//! declaration. [`tools!`](crate::tools) collects tools with the resources that they use. [`Tools::run`] runs the calls of
//! an answer, several at once, and has one result for each of them, whatever happens.
//!
//! ```
//! use burdock_llm::{Message, Model, Request, Script, Scripted, ToolCall, tool, tools};
//! use serde_json::json;
//!
//! /// Orders by e-mail address.
//! struct Shop(Vec<(&'static str, u64)>);
//!
//! /// Finds the orders of a customer.
//! #[tool]
//! async fn find_orders(
//!     #[resource] shop: &Shop,
//!     /// The customer's e-mail address.
//!     email: String,
//!     /// At most this many.
//!     limit: Option<usize>,
//! ) -> burdock::Result<Vec<u64>> {
//!     let found = shop.0.iter().filter(|(owner, _)| *owner == email);
//!     Ok(found.map(|(_, order)| *order).take(limit.unwrap_or(10)).collect())
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let arguments = json!({ "email": "ada@example.org", "limit": "1" });
//! # let call = ToolCall::new("1", "find_orders", arguments);
//! # let llm = Scripted::new([Script::new().call(call), Script::new().say("It is 17.")]);
//! let shop = Shop(vec![("ada@example.org", 17), ("ada@example.org", 18)]);
//! let tools = tools![find_orders { shop: &shop }];
//! let mut request = Request::prompt("Which orders does ada@example.org have?").tools(&tools);
//!
//! let answer = llm.chat(request.clone()).whole().await?;
//! let results = tools.run(answer.tool_calls.clone()).whole().await?;
//! assert_eq!(results[0].text, "[17]");
//!
//! request.messages.push(answer.into());
//! request.messages.extend(results);
//! assert_eq!(llm.chat(request).whole().await?.text, "It is 17.");
//! # Ok(()) }
//! ```
//!
//! # What can go wrong
//!
//! | the call | its result, which the model reads |
//! |---|---|
//! | has arguments that do not fit | the path, what the schema expects there, and what was found |
//! | is of an unknown tool | the names of the tools |
//! | fails with a retryable error | the text of the error |
//! | fails with a [terminal](burdock::ActionError::terminal) error | the text of the error; the run then ends with it |
//! | panics | "the tool failed" |
//! | takes longer than the limit | the limit; the call is dropped |
//! | has a result that is too long | the first bytes, and the length |
//! | has arguments that are cut | that they are incomplete |
//! | has not ended before a stop, or before a terminal error of another call | that it was interrupted, and may have had an effect |
//! | has not started before that | that it was not started |
//!
//! A call with the id of an earlier one does not run and has no result, because a history can have only one of an id.
//! `Provider` gives each call of an answer an id of its own.

pub(crate) mod arguments;
mod call;
mod definition;
mod event;
mod progress;
mod reader;
mod run;
mod toolset;

pub use self::{
    definition::{Tool, ToolDefinition},
    event::{ToolEvent, ToolResult, ToolStatus},
    progress::Progress,
    reader::{CallReader, ToolCallChange},
    run::ToolRun,
    toolset::{Toolset, toolset},
};

use crate::ToolCall;
use std::{fmt, time::Duration};

/// The tools of a request, with their resources and limits.
///
/// [`tools!`](crate::tools) is short for [`new`](Self::new) and [`with`](Self::with).
#[derive(Default)]
pub struct Tools<'a> {
    tools: Vec<(ToolDefinition, Box<dyn Tool + 'a>)>,
    limits: Limits,
}

/// The limits of a run of calls.
#[derive(Clone, Copy, Debug)]
struct Limits {
    at_once: usize,
    timeout: Duration,
    /// In bytes.
    result: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { at_once: 8, timeout: Duration::from_mins(1), result: 64 * 1024 }
    }
}

impl<'a> Tools<'a> {
    /// Creates an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tool. It replaces one of the same name.
    #[must_use]
    pub fn with(mut self, tool: impl Tool + 'a) -> Self {
        let definition = tool.definition();
        self.tools.retain(|(known, _)| known.name != definition.name);
        self.tools.push((definition, Box::new(tool)));
        self
    }

    /// Keeps only the tools of these names.
    #[must_use]
    pub fn only<N: AsRef<str>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        let names: Vec<N> = names.into_iter().collect();
        self.tools.retain(|(known, _)| names.iter().any(|name| name.as_ref() == known.name));
        self
    }

    /// Sets how many calls run at once; at least 1. Defaults to 8.
    #[must_use]
    pub fn at_once(mut self, most: usize) -> Self {
        self.limits.at_once = most.max(1);
        self
    }

    /// Sets how long a call may take, for tools without a limit of their own. Defaults to a minute. Time in which the
    /// consumer of the run does not ask for the next event counts as well, so that a tool that yields for ever ends.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limits.timeout = limit;
        self
    }

    /// Limits the text of a result, in bytes. Defaults to 64 KiB. A longer one is cut.
    #[must_use]
    pub fn result_at_most(mut self, bytes: usize) -> Self {
        self.limits.result = bytes;
        self
    }

    /// Returns the definitions, for a request.
    pub fn definitions(&self) -> impl Iterator<Item = &ToolDefinition> {
        self.tools.iter().map(|(definition, _)| definition)
    }

    /// Returns a reader of the calls of one answer, for programs that show them while the model writes them.
    pub fn reader(&self) -> CallReader<'_> {
        CallReader::new(self)
    }

    /// Runs the calls of an answer.
    ///
    /// Nothing runs before the stream is polled. A call with the id of an earlier one does not run.
    pub fn run(&self, calls: impl IntoIterator<Item = ToolCall>) -> ToolRun<'_> {
        ToolRun::new(self, calls)
    }

    fn find(&self, name: &str) -> Option<&(dyn Tool + 'a)> {
        let found = self.tools.iter().find(|(definition, _)| definition.name == name);
        found.map(|(_, tool)| &**tool)
    }
}

impl fmt::Debug for Tools<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.definitions().map(|tool| tool.name.as_str()).collect();
        f.debug_struct("Tools").field("tools", &names).field("limits", &self.limits).finish()
    }
}

/// Collects tools: `tools![find_orders { shop: &shop }, now]`.
///
/// Each entry is the name of a function under [`#[tool]`](macro@crate::tool), with its resources in braces if it has any.
#[macro_export]
macro_rules! tools {
    ($($($tool:ident)::+ $({ $($resources:tt)* })?),* $(,)?) => {
        $crate::Tools::new()$(.with($($tool)::+ { $($($resources)*)? }))*
    };
}
