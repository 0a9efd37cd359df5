//! The future of an attempt, with its timeout and its span.

use super::limit::AttemptTimeout;
use crate::{
    action::FailureCause,
    graph::StepResult,
    panics::{Caught, contained},
    stream::Control,
    sync::Arc,
};
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// A [`Caught`] future that also catches panics of destructors when it is dropped.
///
/// The run may continue after the attempt is dropped. A run that is dropped as a whole catches such panics itself.
pub(super) struct CaughtOnDrop<'p, F>(
    /// Pinned as an option, so that it can be dropped in place.
    pub(super) Pin<&'p mut Option<F>>,
);

impl<T, F: Future<Output = Result<T, Box<FailureCause>>>> Future for CaughtOnDrop<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0.as_mut().as_pin_mut() {
            Some(future) => Pin::new(&mut Caught(future)).poll(cx),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for CaughtOnDrop<'_, F> {
    fn drop(&mut self) {
        contained("an attempt", || self.0.set(None));
    }
}

/// An attempt that is polled in a span and under a timeout, and that fails if the log rejects an item.
pub(super) struct AttemptFuture<'p, F> {
    pub(super) attempt: CaughtOnDrop<'p, F>,
    pub(super) timeout: Option<AttemptTimeout>,
    pub(super) span: Option<tracing::Span>,
    pub(super) control: Arc<Control>,
}

impl<F: Future<Output = StepResult>> Future for AttemptFuture<'_, F> {
    type Output = StepResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<StepResult> {
        let Self { attempt, timeout, span, control } = &mut *self;
        let _entered = span.as_ref().map(tracing::Span::enter);
        let polled = match timeout {
            Some(timeout) => timeout.poll(control, cx, |cx| Pin::new(attempt).poll(cx)),
            None => Pin::new(attempt).poll(cx),
        };
        // if the log rejected an item, the attempt fails, whatever its result; a commit has already checked this
        if !matches!(polled, Poll::Ready(Ok(())))
            && let Some(error) = control.take_rejection()
        {
            return Poll::Ready(Err(FailureCause::NotRecorded(error).into()));
        }
        match timeout {
            Some(timeout) if polled.is_pending() => timeout
                .poll_elapsed(cx)
                .map(|()| Err(FailureCause::Timeout(timeout.after()).into())),
            _ => polled,
        }
    }
}
