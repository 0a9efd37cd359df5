//! The items of an agent.

use crate::{Chunk, ToolCall, ToolEvent, tool::CallReader, tool::ToolCallChange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An item of an [`Agent`](crate::Agent).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AgentEvent {
    /// More text of an answer.
    Text(String),
    /// A change of a call that the model is writing.
    Writing(ToolCallChange),
    /// A complete call.
    Call(ToolCall),
    /// An event of a tool: a call starts, makes progress, or is finished.
    Tool(ToolEvent),
}

impl AgentEvent {
    /// Returns the text, or `None` for an event of a call.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Writing(_) | Self::Call(_) | Self::Tool(_) => None,
        }
    }

    /// Returns the events of a chunk.
    pub(super) fn of_chunk(chunk: Chunk, calls: &mut CallReader<'_>) -> Vec<Self> {
        match chunk {
            Chunk::Delta(text) => vec![Self::Text(text)],
            Chunk::ToolCallDelta(delta) => {
                calls.read(&delta).into_iter().map(Self::Writing).collect()
            }
            Chunk::ToolCall(call) => vec![Self::Call(call)],
            Chunk::End(_) => Vec::new(),
        }
    }
}
