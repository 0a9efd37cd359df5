//! Deltas, one in each interval.

use super::{Chunks, Item, unfold};
use crate::{Chunk, Delay};
use burdock::runtime::Sleep;
use futures_core::Stream;
use futures_util::StreamExt;

type State<'a> = (Chunks<'a>, Option<Sleep>, Delay);

pub(super) fn rate_limit<'a>(
    answer: impl Stream<Item = Item> + Send + 'a,
    interval: Delay,
) -> Chunks<'a> {
    let answer: Chunks<'a> = Box::pin(answer);
    let state: State<'a> = (answer, None, interval);
    unfold(state, async |(mut answer, mut due, interval)| {
        let item = answer.next().await?;
        if matches!(item, Ok(Chunk::Delta(_))) {
            if let Some(due) = due.take() {
                due.await;
            }
            due = Some(interval.sleep());
        }
        Some((item, (answer, due, interval)))
    })
}
