//! Deltas, one in each interval.

use super::{Chunks, Item, unfold};
use crate::{Chunk, clock};
use burdock::runtime::Sleep;
use futures_core::Stream;
use futures_util::StreamExt;
use std::time::Duration;

pub(super) fn rate_limit<'a>(
    answer: impl Stream<Item = Item> + Send + 'a,
    interval: Duration,
) -> Chunks<'a> {
    let answer: Chunks<'a> = Box::pin(answer);
    unfold((answer, None), move |(mut answer, mut due): (Chunks<'a>, Option<Sleep>)| async move {
        let item = answer.next().await?;
        if matches!(item, Ok(Chunk::Delta(_))) {
            if let Some(due) = due.take() {
                due.await;
            }
            due = Some(clock::sleep(interval));
        }
        Some((item, (answer, due)))
    })
}
