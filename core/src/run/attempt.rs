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

/// The future of an action under a timeout, whose panics become failures.
pub(super) struct Attempt<'p, F> {
    pub(super) action: Pin<&'p mut F>,
    /// In a box, because hardly any step has one and every step would make room for it.
    pub(super) watch: Option<Box<Watch>>,
}

/// What an attempt is polled under.
pub(super) struct Watch {
    pub(super) timeout: Option<(Duration, Sleep)>,
    pub(super) span: Option<tracing::Span>,
}

impl<T, F: Future<Output = Result<T, ActionError>>> Future for Attempt<'_, F> {
    type Output = Result<T, FailureCause>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mut watch = this.watch.as_deref_mut();
        let (span, timeout) = match &mut watch {
            Some(Watch { span, timeout }) => (span.as_ref(), timeout.as_mut()),
            None => (None, None),
        };
        let _entered = span.map(tracing::Span::enter);
        let action = this.action.as_mut();
        match catch_unwind(AssertUnwindSafe(|| action.poll(cx))) {
            Ok(Poll::Pending) => {}
            Ok(Poll::Ready(result)) => return Poll::Ready(result.map_err(FailureCause::Error)),
            Err(panic) => return Poll::Ready(Err(FailureCause::Panic(message(&*panic)))),
        }
        match timeout {
            Some((after, sleep)) => {
                sleep.as_mut().poll(cx).map(|()| Err(FailureCause::Timeout(*after)))
            }
            None => Poll::Pending,
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
