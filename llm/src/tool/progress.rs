//! Progress of a call.

use burdock::ActionError;
use serde::Serialize;
use serde_json::Value;
use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    marker::PhantomData,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

/// Sends the progress of a call to the consumer of its run.
///
/// A function under [`#[tool(yields(Item))]`](macro@crate::tool) calls it as `yield_!(item)`.
pub struct Progress<'a, T> {
    queue: Queue,
    call: PhantomData<&'a ()>,
    item: PhantomData<fn(T)>,
}

/// The items that the consumer has not taken. There is one, unless the tool sends from several futures at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue(Arc<Mutex<Items>>);

#[derive(Debug, Default)]
struct Items {
    waiting: VecDeque<Value>,
    /// The reason why an item cannot be serialized.
    failure: Option<String>,
    /// The number of items that were taken.
    taken: usize,
    /// The number of items that were sent.
    sent: usize,
    senders: Vec<Waker>,
    /// Whether items are discarded.
    is_ignored: bool,
}

impl<T: Serialize> Progress<'_, T> {
    /// Sends an item, and waits until the consumer takes it. The call fails if the item cannot be serialized.
    ///
    /// # Cancel safety
    /// A dropped future may have sent the item.
    pub async fn send(&self, item: T) {
        let number = match serde_json::to_value(item) {
            Ok(item) => self.queue.push(item),
            Err(error) => self.queue.fail(error.to_string()),
        };
        poll_fn(|cx| {
            let mut items = self.queue.lock();
            if items.taken >= number {
                return Poll::Ready(());
            }
            items.senders.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl<T> Progress<'static, T> {
    /// Creates a progress whose items are discarded, to call a tool as a function.
    pub fn ignored() -> Self {
        let queue = Queue::default();
        queue.lock().is_ignored = true;
        Self { queue, call: PhantomData, item: PhantomData }
    }
}

impl<'a> Progress<'a, Value> {
    /// Returns the same progress for items of a type, for your own implementation of [`Tool`](super::Tool).
    pub fn of<T: Serialize>(self) -> Progress<'a, T> {
        Progress { queue: self.queue, call: PhantomData, item: PhantomData }
    }
}

impl<T> fmt::Debug for Progress<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").finish_non_exhaustive()
    }
}

impl Queue {
    pub(super) fn progress<'a>(&self) -> Progress<'a, Value> {
        Progress { queue: self.clone(), call: PhantomData, item: PhantomData }
    }

    /// Runs a call, which fails if one of its items cannot be serialized.
    pub(super) async fn run<T>(
        &self,
        call: impl Future<Output = Result<T, ActionError>>,
    ) -> Result<T, ActionError> {
        let mut call = pin!(call);
        poll_fn(|cx| {
            let polled = call.as_mut().poll(cx);
            match self.lock().failure.take() {
                Some(reason) => {
                    let text = format!("the progress cannot be serialized: {reason}");
                    Poll::Ready(Err(ActionError::msg(text)))
                }
                None => polled,
            }
        })
        .await
    }

    /// Takes the next item, and wakes those that wait for it.
    pub(super) fn pop(&self) -> Option<Value> {
        let mut items = self.lock();
        let item = items.waiting.pop_front()?;
        items.taken += 1;
        let senders = std::mem::take(&mut items.senders);
        drop(items);
        senders.into_iter().for_each(Waker::wake);
        Some(item)
    }

    /// Adds an item, and returns its number, from 1.
    fn push(&self, item: Value) -> usize {
        let mut items = self.lock();
        if items.is_ignored {
            return 0;
        }
        items.waiting.push_back(item);
        items.sent += 1;
        items.sent
    }

    /// Makes the call fail. Returns a number that is never reached.
    fn fail(&self, reason: String) -> usize {
        let mut items = self.lock();
        if items.is_ignored {
            return 0;
        }
        items.failure = Some(reason);
        usize::MAX
    }

    fn lock(&self) -> MutexGuard<'_, Items> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
