//! An error instead of silence.

use super::{Chunks, Item, unfold};
use crate::{Delay, ModelError};
use futures_core::Stream;
use futures_util::{
    StreamExt,
    future::{Either, select},
};

pub(super) fn idle_timeout<'a>(
    answer: impl Stream<Item = Item> + Send + 'a,
    limit: Delay,
) -> Chunks<'a> {
    let answer: Chunks<'a> = Box::pin(answer);
    unfold((Some(answer), limit), async |(answer, limit): (Option<Chunks<'a>>, Delay)| {
        let mut answer = answer?;
        // the wait comes first: an answer that is busy may use up the task's turn each time
        let item = match select(limit.sleep(), answer.next()).await {
            Either::Right((item, _)) => item?,
            // dropping the answer here closes its connection
            Either::Left(_) => {
                let silent = ModelError::Silent { limit: limit.duration() };
                return Some((Err(silent), (None, limit)));
            }
        };
        Some((item, (Some(answer), limit)))
    })
}
