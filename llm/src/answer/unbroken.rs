//! Answers that count only as a whole.

use super::{Chunks, Item};
use crate::{Chunk, ModelError, Reason};
use futures_core::Stream;
use futures_util::StreamExt;

pub(super) fn unbroken<'a>(answer: impl Stream<Item = Item> + Send + 'a) -> Chunks<'a> {
    Box::pin(answer.map(|item| match item {
        Ok(Chunk::End(end)) if end.reason == Reason::Truncated => Err(ModelError::cut_short()),
        item => item,
    }))
}
