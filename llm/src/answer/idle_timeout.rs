//! An error instead of silence.

use super::{Chunks, Item, unfold};
use crate::{ModelError, clock};
use futures_core::Stream;
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use std::time::Duration;

pub(super) fn idle_timeout<'a>(
    answer: impl Stream<Item = Item> + Send + 'a,
    limit: Duration,
) -> Chunks<'a> {
    let answer: Chunks<'a> = Box::pin(answer);
    unfold(Some(answer), move |answer: Option<Chunks<'a>>| async move {
        let mut answer = answer?;
        // the wait comes first: an answer that is busy may use up the task's turn each time
        let item = match select(clock::sleep(limit), answer.next()).await {
            Either::Right((item, _)) => item?,
            // dropping the answer here closes its connection
            Either::Left(_) => return Some((Err(ModelError::Silent { limit }), None)),
        };
        Some((item, Some(answer)))
    })
}
