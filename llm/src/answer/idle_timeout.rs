//! A timeout between the items of an answer.

use super::{Chunks, unfold};
use crate::{ModelError, clock::Clock};
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use std::time::Duration;

type State<'a> = (Option<Chunks<'a>>, Clock, Duration);

pub(super) fn idle_timeout(answer: Chunks<'_>, limit: Duration) -> Chunks<'_> {
    let clock = answer.clock().clone();
    let state = (Some(answer), clock.clone(), limit);
    unfold(clock, state, async |(answer, clock, limit): State<'_>| {
        let mut answer = answer?;
        // the timer is polled first: a busy answer may use up the task's budget each time
        let item = match select(clock.sleep(limit), answer.next()).await {
            Either::Right((item, _)) => item?,
            // the answer is dropped here, which closes its connection
            Either::Left(_) => {
                return Some((Err(ModelError::Silent { limit }), (None, clock, limit)));
            }
        };
        Some((item, (Some(answer), clock, limit)))
    })
}
