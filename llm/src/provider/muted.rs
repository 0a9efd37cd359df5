//! What clients trace, kept back.

use crate::{Answer, answer::Item};
use futures_core::Stream;
use futures_util::StreamExt;
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tracing::{Dispatch, dispatcher};

/// An answer during whose polls nothing is traced: `genai` traces errors with all that the server
/// said, which may be the key that it was sent.
pub(super) struct Muted(Answer);

impl Muted {
    pub(super) fn new(answer: Answer) -> Self {
        Self(answer)
    }
}

impl Stream for Muted {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let answer = &mut self.0;
        dispatcher::with_default(&Dispatch::none(), || answer.poll_next_unpin(cx))
    }
}
