//! Events of a run of calls, and results.

use crate::{Message, ToolCall, history::INTERRUPTED};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An event of a run of calls.
///
/// The events of one call arrive in this order, and each call that starts has a `Finished`; those of several calls are
/// mixed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToolEvent {
    /// A call starts. It has no signatures.
    Started(ToolCall),
    /// The tool made progress.
    Progress {
        /// The id of the call.
        id: String,
        /// The item that the tool yielded.
        item: Value,
    },
    /// A call ended.
    Finished {
        /// The id of the call.
        id: String,
        /// Its result.
        result: ToolResult,
    },
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ToolResult {
    /// How the call ended.
    pub status: ToolStatus,
    /// The text that the model reads.
    pub text: String,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToolStatus {
    /// The tool returned a value.
    Succeeded,
    /// The tool returned an error.
    Failed,
    /// The arguments do not fit the schema. The text names the place.
    Invalid,
    /// The name is not that of a tool.
    Unknown,
    /// The call took too long.
    TimedOut,
    /// The tool panicked.
    Panicked,
    /// The run of the calls ended before the call did, which may have had an effect.
    Interrupted,
    /// The run of the calls ended before the call started.
    NotStarted,
}

impl ToolResult {
    pub(super) fn new(status: ToolStatus, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    pub(super) fn interrupted() -> Self {
        Self::new(ToolStatus::Interrupted, INTERRUPTED)
    }

    pub(crate) fn not_started() -> Self {
        Self::new(ToolStatus::NotStarted, "error: the call was not started")
    }

    /// Returns the message for the history.
    pub fn message(&self, call: &ToolCall) -> Message {
        Message { tool_status: Some(self.status), ..Message::tool(call, &*self.text) }
    }
}
