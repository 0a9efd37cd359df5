//! Wakers that check how a log uses them.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// Polls a future with a new waker each time, and forwards only wake-ups of the latest one. Tasks that
/// move between executors behave like this.
pub(crate) struct SwapWakers<F> {
    future: F,
    polls: Arc<AtomicU64>,
}

struct SwappedWaker {
    poll: u64,
    polls: Arc<AtomicU64>,
    outer: Waker,
}

impl<F> SwapWakers<F> {
    pub(crate) fn new(future: F) -> Self {
        Self { future, polls: Arc::default() }
    }
}

impl<F: Future + Unpin> Future for SwapWakers<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let poll = self.polls.fetch_add(1, Ordering::SeqCst) + 1;
        let (polls, outer) = (Arc::clone(&self.polls), cx.waker().clone());
        let waker = Waker::from(Arc::new(SwappedWaker { poll, polls, outer }));
        Pin::new(&mut self.future).poll(&mut Context::from_waker(&waker))
    }
}

impl Wake for SwappedWaker {
    fn wake(self: Arc<Self>) {
        if self.polls.load(Ordering::SeqCst) == self.poll {
            self.outer.wake_by_ref();
        }
    }
}

/// Polls a future with a waker that runs a function before it wakes.
pub(crate) struct WakeHook<F> {
    future: F,
    work: Arc<dyn Fn() + Send + Sync>,
}

struct Work {
    work: Arc<dyn Fn() + Send + Sync>,
    outer: Waker,
}

impl<F> WakeHook<F> {
    pub(crate) fn new(future: F, work: impl Fn() + Send + Sync + 'static) -> Self {
        Self { future, work: Arc::new(work) }
    }
}

impl<F: Future + Unpin> Future for WakeHook<F> {
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

/// A waker whose references can be counted.
pub(crate) struct CountedWaker(pub(crate) Waker);

impl Wake for CountedWaker {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
    }
}
