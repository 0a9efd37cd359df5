//! All of an answer at once.

use super::Item;
use crate::{Chunk, End, ModelError, Reason, ToolCall};
use futures_core::Stream;
use futures_util::TryStreamExt;
use std::pin::pin;

/// All of an answer, or what there is of it so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Its text.
    pub text: String,
    /// What the model asks to be called.
    pub tool_calls: Vec<ToolCall>,
    /// How it ended.
    pub end: End,
}

impl Default for Whole {
    /// Nothing, of an answer that nobody waits for.
    fn default() -> Self {
        Self { text: String::new(), tool_calls: Vec::new(), end: End::because(Reason::Cancelled) }
    }
}

impl Whole {
    pub(super) fn push(&mut self, chunk: &Chunk) {
        match chunk {
            Chunk::Delta(text) => self.text.push_str(text),
            Chunk::ToolCall(call) => self.tool_calls.push(call.clone()),
            Chunk::End(end) => self.end = *end,
        }
    }
}

pub(super) async fn whole(answer: impl Stream<Item = Item> + Send) -> Result<Whole, ModelError> {
    let mut answer = pin!(answer);
    // a stream that ends without its end was cut
    let mut whole = Whole { end: End::because(Reason::Truncated), ..Whole::default() };
    while let Some(chunk) = answer.try_next().await? {
        whole.push(&chunk);
    }
    Ok(whole)
}
