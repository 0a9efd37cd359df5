//! What a thread of a log owes to a future.

use crate::sync::lock;
use burdock::log::LogError;
use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

struct Slot<T> {
    value: Option<Result<T, LogError>>,
    waker: Option<Waker>,
}

/// The side that answers; dropping it says that the log is closed.
pub(crate) struct Asked<T>(Arc<Mutex<Slot<T>>>);

/// The side that waits.
pub(crate) struct Answer<T>(Arc<Mutex<Slot<T>>>);

pub(crate) fn answer<T>() -> (Asked<T>, Answer<T>) {
    let slot = Arc::new(Mutex::new(Slot { value: None, waker: None }));
    (Asked(Arc::clone(&slot)), Answer(slot))
}

impl<T> Asked<T> {
    pub(crate) fn settle(self, value: Result<T, LogError>) {
        self.put(value);
    }

    /// Whether nobody waits any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// The first value stays. Wakes outside of the lock.
    fn put(&self, value: Result<T, LogError>) {
        let mut slot = lock(&self.0);
        if slot.value.is_none() {
            slot.value = Some(value);
            let waker = slot.waker.take();
            drop(slot);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

impl<T> Drop for Asked<T> {
    fn drop(&mut self) {
        if !self.is_abandoned() {
            self.put(Err(LogError::Closed));
        }
    }
}

impl<T> Future for Answer<T> {
    type Output = Result<T, LogError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = lock(&self.0);
        if let Some(value) = slot.value.take() {
            return Poll::Ready(value);
        }
        if !slot.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            slot.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}
