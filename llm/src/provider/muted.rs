//! What clients trace, kept back.

use crate::answer::{Chunks, Item};
use futures_core::Stream;
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tracing::{Dispatch, dispatcher};

/// An answer during whose polls nothing is traced: `genai` traces errors with all that the server
/// said, which may be the key that it was sent.
pub(super) struct Muted(Chunks<'static>);

impl Muted {
    pub(super) fn new(answer: Chunks<'static>) -> Self {
        Self(answer)
    }
}

impl Stream for Muted {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let answer = self.0.as_mut();
        dispatcher::with_default(&Dispatch::none(), || answer.poll_next(cx))
    }
}
