//! Blocking actions: the body runs on a thread, its items cross one at a time.

use super::{ActionError, Context};
use crate::{
    stream::{Flow, Yielder},
    sync::{Arc, Condvar, Mutex, lock},
};
use std::{
    any::Any,
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    task::{Context as Task, Poll, Waker},
};

/// Hands over the items of a blocking action; `yield_!(item)` is `yielder.emit(item)` there.
pub struct ThreadYielder<T> {
    handoff: Arc<Handoff<T>>,
}

impl<T> ThreadYielder<T> {
    /// Hands over one item and blocks the thread until it is taken.
    ///
    /// When the run was cancelled meanwhile, the thread unwinds from here; nothing is printed, and
    /// the action's writes are discarded.
    pub fn emit(&mut self, item: T) -> Flow {
        self.handoff.put(item).unwrap_or_else(|Closed| resume_unwind(Box::new(Closed)))
    }
}

impl<T> fmt::Debug for ThreadYielder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadYielder").finish_non_exhaustive()
    }
}

/// The run that the thread worked for is gone.
struct Closed;

/// Runs `job` on a thread of the runtime and passes its items on.
///
/// # Cancel safety
/// A thread cannot be dropped: dropping the future makes the job's next `yield_!` unwind, and
/// closing the app waits for it.
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
        Box::new(move || {
            let _entered = span.enter();
            let _finish = finish;
            let mut yielder = ThreadYielder { handoff: Arc::clone(&handoff) };
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
        // nothing has run, so another attempt may
        None => Err(ActionError::msg("no thread was started for a blocking action")),
    }
}

/// One item on its way from a thread to a task.
struct Handoff<T> {
    state: Mutex<State<T>>,
    answered: Condvar,
}

struct State<T> {
    item: Option<T>,
    flow: Option<Flow>,
    reader: Option<Waker>,
    finished: bool,
    closed: bool,
}

impl<T> Default for Handoff<T> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                item: None,
                flow: None,
                reader: None,
                finished: false,
                closed: false,
            }),
            answered: Condvar::new(),
        }
    }
}

impl<T> Handoff<T> {
    fn put(&self, item: T) -> Result<Flow, Closed> {
        let reader = {
            let mut state = lock(&self.state);
            if state.closed {
                return Err(Closed);
            }
            state.item = Some(item);
            state.flow = None;
            state.reader.take()
        };
        // whoever is woken may poll at once
        if let Some(reader) = reader {
            reader.wake();
        }
        let mut state = lock(&self.state);
        loop {
            if state.closed {
                return Err(Closed);
            }
            if let Some(flow) = state.flow.take() {
                return Ok(flow);
            }
            state = self.answered.wait(state).unwrap_or_else(crate::sync::PoisonError::into_inner);
        }
    }

    fn finish(&self) {
        let reader = {
            let mut state = lock(&self.state);
            state.finished = true;
            state.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// The next item, or `None` when the job is over.
    fn poll_item(&self, task: &Task<'_>) -> Poll<Option<T>> {
        let mut state = lock(&self.state);
        if let Some(item) = state.item.take() {
            return Poll::Ready(Some(item));
        }
        if state.finished {
            return Poll::Ready(None);
        }
        state.reader = Some(task.waker().clone());
        Poll::Pending
    }

    fn taken(&self, flow: Flow) {
        lock(&self.state).flow = Some(flow);
        self.answered.notify_one();
    }

    fn close(&self) {
        lock(&self.state).closed = true;
        self.answered.notify_one();
    }
}

/// The job is over, or was dropped before it began.
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
