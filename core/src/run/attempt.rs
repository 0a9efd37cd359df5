//! What an attempt runs in: panics are caught, time and span are watched.

use super::step::StepResult;
use crate::{action::FailureCause, runtime::Sleep, stream::Control, sync::Arc};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// Runs the user's code, whose panics become failures.
#[inline]
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Box<FailureCause>> {
    catch_unwind(AssertUnwindSafe(run))
        .map_err(|panic| FailureCause::Panic(message(&*panic)).into())
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into())
}

/// A future of the user's code, whose panics become failures.
pub(crate) struct Caught<'p, F>(pub(crate) Pin<&'p mut F>);

impl<T, F: Future<Output = Result<T, Box<FailureCause>>>> Future for Caught<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.0.as_mut();
        caught(|| future.poll(cx)).unwrap_or_else(|cause| Poll::Ready(Err(cause)))
    }
}

/// An attempt that is polled in a span or under a timeout, and whose items may be refused.
pub(super) struct Watched<'p, F> {
    pub(super) attempt: Caught<'p, F>,
    pub(super) timeout: Option<(Duration, Sleep)>,
    pub(super) span: Option<tracing::Span>,
    pub(super) control: Arc<Control>,
}

impl<F: Future<Output = StepResult>> Future for Watched<'_, F> {
    type Output = StepResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<StepResult> {
        let Self { attempt, timeout, span, control } = &mut *self;
        let _entered = span.as_ref().map(tracing::Span::enter);
        let polled = Pin::new(attempt).poll(cx);
        // whatever else the action came to, unless it noticed itself
        if !matches!(polled, Poll::Ready(Ok(())))
            && let Some(error) = control.take_refusal()
        {
            return Poll::Ready(Err(FailureCause::NotRecorded(error).into()));
        }
        match timeout {
            // the action's time, not the log's
            Some((after, sleep)) if polled.is_pending() && !control.is_settling() => {
                sleep.as_mut().poll(cx).map(|()| Err(FailureCause::Timeout(*after).into()))
            }
            _ => polled,
        }
    }
}
