//! Wakers that see how a log treats them.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// Polls a future with a waker of its own each time and hears the last one only, as tasks that move
/// between executors do.
pub(crate) struct Exchanging<F> {
    future: F,
    polls: Arc<AtomicU64>,
}

struct Exchanged {
    poll: u64,
    polls: Arc<AtomicU64>,
    outer: Waker,
}

impl<F> Exchanging<F> {
    pub(crate) fn new(future: F) -> Self {
        Self { future, polls: Arc::default() }
    }
}

impl<F: Future + Unpin> Future for Exchanging<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let poll = self.polls.fetch_add(1, Ordering::SeqCst) + 1;
        let (polls, outer) = (Arc::clone(&self.polls), cx.waker().clone());
        let waker = Waker::from(Arc::new(Exchanged { poll, polls, outer }));
        Pin::new(&mut self.future).poll(&mut Context::from_waker(&waker))
    }
}

impl Wake for Exchanged {
    fn wake(self: Arc<Self>) {
        if self.polls.load(Ordering::SeqCst) == self.poll {
            self.outer.wake_by_ref();
        }
    }
}

/// Polls a future with a waker that does something before it wakes.
pub(crate) struct Doing<F> {
    future: F,
    work: Arc<dyn Fn() + Send + Sync>,
}

struct Work {
    work: Arc<dyn Fn() + Send + Sync>,
    outer: Waker,
}

impl<F> Doing<F> {
    pub(crate) fn new(future: F, work: impl Fn() + Send + Sync + 'static) -> Self {
        Self { future, work: Arc::new(work) }
    }
}

impl<F: Future + Unpin> Future for Doing<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let (work, outer) = (Arc::clone(&self.work), cx.waker().clone());
        let waker = Waker::from(Arc::new(Work { work, outer }));
        Pin::new(&mut self.future).poll(&mut Context::from_waker(&waker))
    }
}

impl Wake for Work {
    fn wake(self: Arc<Self>) {
        (self.work)();
        self.outer.wake_by_ref();
    }
}

/// Forwards to a task, and counts who holds it.
pub(crate) struct Counted(pub(crate) Waker);

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
    }
}
