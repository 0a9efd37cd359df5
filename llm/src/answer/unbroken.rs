//! Answers that are only useful as a whole.

use super::Chunks;
use crate::{Chunk, ModelError, Reason};
use futures_util::StreamExt;

pub(super) fn unbroken(answer: Chunks<'_>) -> Chunks<'_> {
    let clock = answer.clock().clone();
    let answer = answer.map(|item| match item {
        Ok(Chunk::End(end)) if end.reason == Reason::Truncated => Err(ModelError::cut_short()),
        item => item,
    });
    Chunks::timed(answer, clock)
}
