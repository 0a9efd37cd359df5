//! What an attempt runs in: panics are caught, time and span are watched.

use super::{limit::Limit, step::StepResult};
use crate::{action::FailureCause, stream::Control, sync::Arc};
use std::{
    any::Any,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

/// Runs the user's code, whose panics become failures.
#[inline]
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Box<FailureCause>> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| FailureCause::Panic(message(panic)).into())
}

/// Drops a value of the user's types. A panic of its destructor goes no further than here: it is
/// reported to `tracing`, and changes nothing else.
#[inline]
pub(crate) fn discard<T>(what: &'static str, value: T) {
    if mem::needs_drop::<T>() {
        contained(what, || drop(value));
    }
}

/// Runs destructors of the user's types, as [`discard`] does.
pub(super) fn contained(what: &'static str, drop: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(drop)) {
        tracing::error!(what, panic = message(panic), "a destructor panicked");
    }
}

/// What a panic said.
fn message(panic: Box<dyn Any + Send>) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into());
    // what was thrown has a destructor, too
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        mem::forget(again);
    }
    message
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
            && let Some(error) = control.take_refusal()
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
