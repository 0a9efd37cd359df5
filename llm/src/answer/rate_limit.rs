//! A minimum interval between deltas.

use super::{Chunks, unfold};
use crate::{Chunk, clock::Clock};
use burdock::runtime::Sleep;
use futures_util::StreamExt;
use std::time::Duration;

type State<'a> = (Chunks<'a>, Option<Sleep>, Clock, Duration);

pub(super) fn rate_limit(answer: Chunks<'_>, interval: Duration) -> Chunks<'_> {
    let clock = answer.clock().clone();
    let state: State<'_> = (answer, None, clock.clone(), interval);
    unfold(clock, state, async |(mut answer, mut due, clock, interval)| {
        let item = answer.next().await?;
        if matches!(item, Ok(Chunk::Delta(_))) {
            if let Some(due) = due.take() {
                due.await;
            }
            due = Some(clock.sleep(interval));
        }
        Some((item, (answer, due, clock, interval)))
    })
}
