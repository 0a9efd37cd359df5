//! How far an answer is.

use super::Chunks;
use crate::{Chunk, End};
use futures_util::StreamExt;
use std::time::Duration;

/// How far an answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many deltas there were.
    pub deltas: usize,
    /// How many bytes of text were in them.
    pub bytes: usize,
    /// How many calls the model asked for.
    pub tool_calls: usize,
    /// The time since the first item.
    pub elapsed: Duration,
    /// How it ended, at its end. An error ends an answer without one.
    pub end: Option<End>,
}

pub(super) fn on_progress<'a>(
    answer: Chunks<'a>,
    mut tell: impl FnMut(&Progress) + Send + 'a,
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
            Err(_) => {}
        }
        progress.elapsed = watch.get_or_insert_with(|| timer.stopwatch()).elapsed();
        tell(&progress);
    });
    Chunks::timed(answer, clock)
}
