//! One-shot channel from a thread of the log to the future that the caller awaits.

use burdock::log::LogError;
use futures_channel::oneshot;
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// The sending half. Dropping it resolves the [`Reply`] to [`LogError::Closed`].
pub(crate) struct ReplySender<T>(oneshot::Sender<Result<T, LogError>>);

/// The receiving half.
pub(crate) struct Reply<T>(oneshot::Receiver<Result<T, LogError>>);

pub(crate) fn channel<T>() -> (ReplySender<T>, Reply<T>) {
    let (sender, receiver) = oneshot::channel();
    (ReplySender(sender), Reply(receiver))
}

impl<T> ReplySender<T> {
    pub(crate) fn send(self, value: Result<T, LogError>) {
        // the caller may have dropped its future
        let _ = self.0.send(value);
    }

    /// Returns whether the receiving half was dropped.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_canceled()
    }
}

impl<T> Future for Reply<T> {
    type Output = Result<T, LogError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let received = Pin::new(&mut self.0).poll(cx);
        received.map(|reply| reply.unwrap_or(Err(LogError::Closed)))
    }
}
