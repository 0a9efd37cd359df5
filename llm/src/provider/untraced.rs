//! Suppression of the trace output of clients.

use crate::{Answer, answer::Item};
use futures_core::Stream;
use futures_util::StreamExt;
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tracing::{Dispatch, dispatcher};

/// An answer that is polled without a trace subscriber, because `genai` traces errors with the whole
/// response, which may contain the key.
pub(super) struct Untraced(Answer);

impl Untraced {
    pub(super) fn new(answer: Answer) -> Self {
        Self(answer)
    }
}

impl Stream for Untraced {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let answer = &mut self.0;
        dispatcher::with_default(&Dispatch::none(), || answer.poll_next_unpin(cx))
    }
}
