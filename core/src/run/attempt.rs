//! What an attempt runs in: time and span are watched.

use super::limit::Limit;
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

/// A [`Caught`] future that the run may outlive: it is dropped with this, and what its destructors
/// panic with stays here. A run that is dropped itself sees to that alone.
pub(super) struct Discarded<'p, F>(
    /// Pinned as an option, so that it can be dropped where it lies.
    pub(super) Pin<&'p mut Option<F>>,
);

impl<T, F: Future<Output = Result<T, Box<FailureCause>>>> Future for Discarded<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0.as_mut().as_pin_mut() {
            Some(future) => Pin::new(&mut Caught(future)).poll(cx),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Discarded<'_, F> {
    fn drop(&mut self) {
        contained("an attempt", || self.0.set(None));
    }
}

/// An attempt that is polled in a span or under a timeout, and whose items may be refused.
pub(super) struct Watched<'p, F> {
    pub(super) attempt: Discarded<'p, F>,
    pub(super) limit: Option<Limit>,
    pub(super) span: Option<tracing::Span>,
    pub(super) control: Arc<Control>,
}

impl<F: Future<Output = StepResult>> Future for Watched<'_, F> {
    type Output = StepResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<StepResult> {
        let Self { attempt, limit, span, control } = &mut *self;
        let _entered = span.as_ref().map(tracing::Span::enter);
        let polled = match limit {
            Some(limit) => limit.poll(control, cx, |cx| Pin::new(attempt).poll(cx)),
            None => Pin::new(attempt).poll(cx),
        };
        // whatever else the action came to, unless it noticed itself
        if !matches!(polled, Poll::Ready(Ok(())))
            && let Some(error) = control.take_rejection()
        {
            return Poll::Ready(Err(FailureCause::NotRecorded(error).into()));
        }
        match limit {
            Some(limit) if polled.is_pending() => {
                limit.poll_over(cx).map(|()| Err(FailureCause::Timeout(limit.after()).into()))
            }
            _ => polled,
        }
    }
}
