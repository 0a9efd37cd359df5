//! A complete answer.

use super::Item;
use crate::{Chunk, End, ModelError, Reason, ToolCall};
use futures_core::Stream;
use futures_util::TryStreamExt;
use std::pin::pin;

/// A complete answer, or the part of it that has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The text.
    pub text: String,
    /// The functions that the model calls.
    pub tool_calls: Vec<ToolCall>,
    /// The end of the answer.
    pub end: End,
}

impl Default for Whole {
    /// Returns an empty answer that was cancelled.
    fn default() -> Self {
        Self { text: String::new(), tool_calls: Vec::new(), end: End::because(Reason::Cancelled) }
    }
}

impl Whole {
    pub(super) fn push(&mut self, chunk: &Chunk) {
        match chunk {
            Chunk::Delta(text) => self.text.push_str(text),
            // the complete call follows
            Chunk::ToolCallDelta(_) => {}
            Chunk::ToolCall(call) => self.tool_calls.push(call.clone()),
            Chunk::End(end) => self.end = *end,
        }
    }
}

pub(super) async fn whole(answer: impl Stream<Item = Item> + Send) -> Result<Whole, ModelError> {
    let mut answer = pin!(answer);
    // a stream that finishes without an `End` was truncated
    let mut whole = Whole { end: End::because(Reason::Truncated), ..Whole::default() };
    while let Some(chunk) = answer.try_next().await? {
        whole.push(&chunk);
    }
    Ok(whole)
}
