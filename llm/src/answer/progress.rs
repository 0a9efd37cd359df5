//! Progress of an answer.

use super::Chunks;
use crate::{Chunk, End};
use futures_util::StreamExt;
use std::time::Duration;

/// The progress of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Number of deltas so far.
    pub deltas: usize,
    /// Bytes of text so far.
    pub bytes: usize,
    /// Number of tool calls so far.
    pub tool_calls: usize,
    /// Time since the first item.
    pub elapsed: Duration,
    /// The end of the answer, once it has arrived. `None` if an error ended the answer.
    pub end: Option<End>,
}

pub(super) fn on_progress<'a>(
    answer: Chunks<'a>,
    mut callback: impl FnMut(&Progress) + Send + 'a,
) -> Chunks<'a> {
    let mut progress = Progress::default();
    let mut watch = None;
    let (clock, timer) = (answer.clock().clone(), answer.clock().clone());
    let answer = answer.inspect(move |item| {
        match item {
            Ok(Chunk::Delta(text)) => {
                progress.deltas += 1;
                progress.bytes += text.len();
            }
            Ok(Chunk::ToolCall(_)) => progress.tool_calls += 1,
            Ok(Chunk::End(end)) => progress.end = Some(*end),
            Ok(Chunk::ToolCallDelta(_)) | Err(_) => {}
        }
        progress.elapsed = watch.get_or_insert_with(|| timer.stopwatch()).elapsed();
        callback(&progress);
    });
    Chunks::timed(answer, clock)
}
