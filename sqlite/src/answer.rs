//! The answer of a log's thread to the future that waits for it.

use burdock::log::LogError;
use futures_channel::oneshot;
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// The sending side. Dropping it answers [`LogError::Closed`].
pub(crate) struct Asked<T>(oneshot::Sender<Result<T, LogError>>);

/// The receiving side.
pub(crate) struct Answer<T>(oneshot::Receiver<Result<T, LogError>>);

pub(crate) fn answer<T>() -> (Asked<T>, Answer<T>) {
    let (sender, receiver) = oneshot::channel();
    (Asked(sender), Answer(receiver))
}

impl<T> Asked<T> {
    pub(crate) fn settle(self, value: Result<T, LogError>) {
        // an answer that nobody waits for is dropped
        let _ = self.0.send(value);
    }

    /// Returns whether nobody waits for the answer.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.0.is_canceled()
    }
}

impl<T> Future for Answer<T> {
    type Output = Result<T, LogError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let received = Pin::new(&mut self.0).poll(cx);
        received.map(|answer| answer.unwrap_or(Err(LogError::Closed)))
    }
}
