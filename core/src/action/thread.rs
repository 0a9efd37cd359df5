//! Blocking actions: the body runs on a thread, and passes its items to the run one at a time.

use super::{ActionError, Context};
use crate::{
    stream::{Flow, ForwardIterator, Yielder},
    sync::{Arc, Condvar, Mutex, lock},
};
use std::{
    any::Any,
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    task::{Context as Task, Poll, Waker},
};

/// Sends the items of a blocking action to their consumer.
///
/// `yield_!(item)` in a blocking action is `yielder.emit(item)`, and `yield_from!(items)` is
/// `yielder.forward(items)`.
pub struct ThreadYielder<T> {
    handoff: Arc<Handoff<T>>,
    context: Context,
}

impl<T> ThreadYielder<T> {
    /// Sends one item and blocks the thread until the consumer has taken it.
    ///
    /// If the run is cancelled, the thread unwinds from this call. Nothing is printed, and the writes of the
    /// action are discarded.
    pub fn emit(&mut self, item: T) -> Flow {
        self.handoff.put(item).unwrap_or_else(|Closed| resume_unwind(Box::new(Closed)))
    }

    /// Sends the items of an iterator, one at a time, until it ends or a stop is requested.
    ///
    /// For an iterator over items, the output is a [`Flow`]. For an iterator over results it is a `Result<Flow, E>`:
    /// the first error ends the forwarding.
    pub fn forward<I, F>(&mut self, items: I) -> F
    where
        I: ForwardIterator<T, F>,
    {
        let mut items = items.into_items();
        while !self.context.is_stopped()
            && let Some(item) = items.next()
        {
            match item {
                Ok(item) => {
                    if self.emit(item).is_stop() {
                        return I::finish(Flow::Stop);
                    }
                }
                Err(output) => return output,
            }
        }
        I::finish(Flow::of(&self.context))
    }
}

impl<T> fmt::Debug for ThreadYielder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadYielder").finish_non_exhaustive()
    }
}

/// The run of the thread was cancelled.
struct Closed;

/// Runs `job` on a thread of the runtime and forwards its items.
///
/// # Cancel safety
/// A thread cannot be dropped: if the future is dropped, the job unwinds from its next `yield_!`, and closing
/// the app waits for it.
pub async fn on_thread<T, W>(
    context: &Context,
    mut yielder: Yielder<'_, T>,
    job: impl FnOnce(&mut ThreadYielder<T>) -> Result<W, ActionError> + Send + 'static,
) -> Result<W, ActionError>
where
    T: Send + 'static,
    W: Send + 'static,
{
    let handoff = Arc::new(Handoff::default());
    let result = Arc::new(Mutex::new(None));
    let _close = CloseOnDrop(Arc::clone(&handoff));
    context.spawn_blocking({
        let handoff = Arc::clone(&handoff);
        let result = Arc::clone(&result);
        let finish = FinishOnDrop(Arc::clone(&handoff));
        let span = tracing::Span::current();
        let context = context.clone();
        Box::new(move || {
            let _entered = span.enter();
            let _finish = finish;
            let mut yielder = ThreadYielder { handoff: Arc::clone(&handoff), context };
            let outcome = catch_unwind(AssertUnwindSafe(|| job(&mut yielder)));
            *lock(&result) = Some(outcome);
        })
    });
    while let Some(item) = poll_fn(|task| handoff.poll_item(task)).await {
        let flow = yielder.emit(item).await;
        handoff.taken(flow);
    }
    let outcome: Option<Result<_, Box<dyn Any + Send>>> = lock(&result).take();
    match outcome {
        Some(Ok(outcome)) => outcome,
        Some(Err(panic)) => resume_unwind(panic),
        // the job did not run: the error is retryable
        None => Err(ActionError::msg("no thread was started for a blocking action")),
    }
}

/// The channel for one item from a thread to a task.
struct Handoff<T> {
    state: Mutex<State<T>>,
    /// Notified when the item was taken or the channel was closed.
    changed: Condvar,
}

struct State<T> {
    item: Option<T>,
    flow: Option<Flow>,
    waker: Option<Waker>,
    finished: bool,
    closed: bool,
}

impl<T> Default for Handoff<T> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                item: None,
                flow: None,
                waker: None,
                finished: false,
                closed: false,
            }),
            changed: Condvar::new(),
        }
    }
}

impl<T> Handoff<T> {
    fn put(&self, item: T) -> Result<Flow, Closed> {
        let waker = {
            let mut state = lock(&self.state);
            if state.closed {
                return Err(Closed);
            }
            state.item = Some(item);
            state.flow = None;
            state.waker.take()
        };
        // after the lock is released, because the woken task may poll immediately
        if let Some(waker) = waker {
            waker.wake();
        }
        let mut state = lock(&self.state);
        loop {
            if state.closed {
                return Err(Closed);
            }
            if let Some(flow) = state.flow.take() {
                return Ok(flow);
            }
            state = self.changed.wait(state).unwrap_or_else(crate::sync::PoisonError::into_inner);
        }
    }

    fn finish(&self) {
        let waker = {
            let mut state = lock(&self.state);
            state.finished = true;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Returns the next item; `None` when the job has ended.
    fn poll_item(&self, task: &Task<'_>) -> Poll<Option<T>> {
        let mut state = lock(&self.state);
        if let Some(item) = state.item.take() {
            return Poll::Ready(Some(item));
        }
        if state.finished {
            return Poll::Ready(None);
        }
        state.waker = Some(task.waker().clone());
        Poll::Pending
    }

    fn taken(&self, flow: Flow) {
        lock(&self.state).flow = Some(flow);
        self.changed.notify_one();
    }

    fn close(&self) {
        lock(&self.state).closed = true;
        self.changed.notify_one();
    }
}

/// Marks the job as finished when it is dropped, even if it never ran.
struct FinishOnDrop<T>(Arc<Handoff<T>>);

impl<T> Drop for FinishOnDrop<T> {
    fn drop(&mut self) {
        self.0.finish();
    }
}

struct CloseOnDrop<T>(Arc<Handoff<T>>);

impl<T> Drop for CloseOnDrop<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}
