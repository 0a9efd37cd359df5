//! Recording of the end of an answer in the trace.

use super::{Chunks, Item};
use crate::{Chunk, End, Reason, clock::Stopwatch};
use futures_core::Stream;
use futures_util::StreamExt;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use tracing::Span;

struct Recorded<'a> {
    answer: Chunks<'a>,
    /// Set from the first poll to the last item.
    open: Option<Open>,
    polled: bool,
}

struct Open {
    span: Span,
    watch: Stopwatch,
}

impl Recorded<'_> {
    fn ended(&mut self, reason: Reason) {
        if let Some(Open { span, watch }) = self.open.take() {
            End { reason, usage: watch.usage(None, None) }.record_in(&span);
        }
    }
}

impl Stream for Recorded<'_> {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        if !self.polled {
            self.polled = true;
            self.open =
                Some(Open { span: Span::current(), watch: self.answer.clock().stopwatch() });
        }
        let item = ready!(self.answer.poll_next_unpin(cx));
        match &item {
            Some(Ok(Chunk::Delta(_))) => {
                if let Some(open) = &mut self.open {
                    open.watch.delta();
                }
            }
            Some(Ok(Chunk::ToolCallDelta(_) | Chunk::ToolCall(_))) => {}
            Some(Ok(Chunk::End(end))) => {
                if let Some(Open { span, watch }) = self.open.take() {
                    let mut end = *end;
                    watch.complete(&mut end.usage);
                    end.record_in(&span);
                }
            }
            Some(Err(_)) => self.ended(Reason::Failed),
            None => self.ended(Reason::Truncated),
        }
        Poll::Ready(item)
    }
}

impl Drop for Recorded<'_> {
    fn drop(&mut self) {
        self.ended(Reason::Cancelled);
    }
}

pub(super) fn recorded(answer: Chunks<'_>) -> Chunks<'_> {
    let clock = answer.clock().clone();
    Chunks::timed(Recorded { answer, open: None, polled: false }, clock)
}
