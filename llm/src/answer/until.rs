//! A stop that keeps the text so far.

use super::{Chunks, unfold};
use crate::{Chunk, End, Reason};
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use std::pin::Pin;

type Stop<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

pub(super) fn until<'a>(
    answer: Chunks<'a>,
    stop: impl Future<Output = ()> + Send + 'a,
) -> Chunks<'a> {
    let clock = answer.clock().clone();
    let stop: Stop<'a> = Box::pin(stop);
    let state = Some((answer, stop, None));
    unfold(clock, state, async |state| {
        let (mut answer, mut stop, watch) = state?;
        let mut watch = watch.unwrap_or_else(|| answer.clock().stopwatch());
        let item = match select(&mut stop, answer.next()).await {
            Either::Right((item, _)) => item?,
            Either::Left(_) => {
                let end = End { reason: Reason::Cancelled, usage: watch.usage(None, None) };
                // the answer is dropped here, which closes its connection
                return Some((Ok(Chunk::End(end)), None));
            }
        };
        let continues = match &item {
            Ok(Chunk::Delta(_)) => {
                watch.delta();
                true
            }
            Ok(Chunk::ToolCallDelta(_) | Chunk::ToolCall(_)) => true,
            Ok(Chunk::End(_)) | Err(_) => false,
        };
        Some((item, continues.then_some((answer, stop, Some(watch)))))
    })
}
