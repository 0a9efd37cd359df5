//! One attempt: polls an action, catches its panics, watches its time.

use crate::{
    action::{ActionError, FailureCause},
    runtime::Sleep,
};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// The future of an action, whose panics become failures.
pub(super) struct Attempt<'p, F>(pub(super) Pin<&'p mut F>);

impl<T, F: Future<Output = Result<T, ActionError>>> Future for Attempt<'_, F> {
    type Output = Result<T, Box<FailureCause>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let action = self.0.as_mut();
        let polled = catch_unwind(AssertUnwindSafe(|| action.poll(cx)));
        polled.map_or_else(
            |panic| Poll::Ready(Err(FailureCause::Panic(message(&*panic)).into())),
            |polled| polled.map_err(|error| FailureCause::Error(error).into()),
        )
    }
}

/// An attempt that is polled in a span or under a timeout.
pub(super) struct Watched<'p, F> {
    pub(super) attempt: Attempt<'p, F>,
    pub(super) watch: Box<Watch>,
}

/// What an attempt is polled under; in a box, because hardly any step has one and every step
/// would make room for it.
pub(super) struct Watch {
    pub(super) timeout: Option<(Duration, Sleep)>,
    pub(super) span: Option<tracing::Span>,
}

impl<T, F: Future<Output = Result<T, ActionError>>> Future for Watched<'_, F> {
    type Output = Result<T, Box<FailureCause>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { attempt, watch } = &mut *self;
        let _entered = watch.span.as_ref().map(tracing::Span::enter);
        let polled = Pin::new(attempt).poll(cx);
        match &mut watch.timeout {
            Some((after, sleep)) if polled.is_pending() => {
                sleep.as_mut().poll(cx).map(|()| Err(FailureCause::Timeout(*after).into()))
            }
            _ => polled,
        }
    }
}

/// What a panic said.
pub(super) fn message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into())
}
