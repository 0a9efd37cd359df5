//! The owned slot for one value between a run's future and whoever polls the run.
//!
//! Both ends are polled by the same task, one inside the other, so the slot needs no lock: it is a
//! ring of length one whose ends are owned, one by the future, one by the run. What does need
//! care is an action that polls its `yield_!` inside an executor of its own (`FuturesUnordered`
//! and the like), which polls it again only when woken: the outlet keeps such a waker, and the
//! inlet wakes it when the value was taken and nobody came to see.

use crate::sync::{Arc, AtomicBool, Mutex, Ordering, lock};
use rtrb::{Consumer, Producer, RingBuffer};
use std::task::{Context, Poll, Waker};

/// Makes the two ends of a slot.
pub(crate) fn one_item<T>() -> (Outlet<T>, Inlet<T>) {
    let (producer, consumer) = RingBuffer::new(1);
    let shared = Arc::new(Shared { suspended: AtomicBool::new(false), waker: Mutex::new(None) });
    let outlet = Outlet { producer, shared: Arc::clone(&shared), occupied: false, waker: None };
    let inlet = Inlet { consumer, shared, taken: false };
    (outlet, inlet)
}

#[derive(Debug)]
struct Shared {
    /// The outlet waits for the slot to become free.
    suspended: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

/// The end that puts values in.
#[derive(Debug)]
pub(crate) struct Outlet<T> {
    producer: Producer<T>,
    shared: Arc<Shared>,
    /// A value was put in, and nobody has looked since whether it was taken.
    occupied: bool,
    /// The waker that `shared` knows; compared here, so that the lock is taken only for a new one.
    waker: Option<Waker>,
}

impl<T> Outlet<T> {
    /// Puts a value into a free slot; one that is not free gives it back.
    #[inline]
    pub(crate) fn put(&mut self, value: T) -> Result<(), T> {
        self.occupied = true;
        self.producer.push(value).map_err(|rtrb::PushError::Full(value)| value)
    }

    /// Is ready when the slot is free.
    #[inline]
    pub(crate) fn poll_free(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.is_free() {
            self.shared.suspended.store(false, Ordering::Relaxed);
            return Poll::Ready(());
        }
        self.suspend(cx);
        Poll::Pending
    }

    /// Notes that whoever put a value waits for it to be taken.
    #[inline]
    pub(crate) fn suspend(&mut self, cx: &Context<'_>) {
        let known = self.waker.as_ref();
        if known.is_none_or(|waker| !waker.will_wake(cx.waker())) {
            *lock(&self.shared.waker) = Some(cx.waker().clone());
            self.waker = Some(cx.waker().clone());
        }
        self.shared.suspended.store(true, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn is_free(&mut self) -> bool {
        self.occupied = self.occupied && self.producer.is_full();
        !self.occupied
    }

    /// Forgets whom to wake: the run is over.
    pub(crate) fn forget(&mut self) {
        if self.waker.take().is_some() {
            // dropped without the lock: it may be the last that holds a task
            let _waker = lock(&self.shared.waker).take();
        }
    }

    /// Nothing waits any more: whoever yielded was dropped.
    pub(crate) fn reset(&mut self) {
        self.shared.suspended.store(false, Ordering::Relaxed);
    }
}

/// The end that takes values out.
#[derive(Debug)]
pub(crate) struct Inlet<T> {
    consumer: Consumer<T>,
    shared: Arc<Shared>,
    /// A value was taken and no nudge has followed.
    taken: bool,
}

impl<T> Inlet<T> {
    /// Takes the value out.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<T> {
        let value = self.consumer.pop().ok();
        self.taken |= value.is_some();
        value
    }

    /// Judges by the value that was put in, if there is one, without taking it.
    pub(crate) fn peek_with(&self, judge: impl FnOnce(Option<&T>) -> bool) -> bool {
        judge(self.consumer.peek().ok())
    }

    /// After a poll that brought no value: wakes an outlet that was not polled though its slot is
    /// free, because an executor in between waits for a wake. Once for each value.
    #[inline]
    pub(crate) fn nudge(&mut self) {
        if std::mem::take(&mut self.taken)
            && self.shared.suspended.load(Ordering::Relaxed)
            && let Some(waker) = lock(&self.shared.waker).as_ref()
        {
            waker.wake_by_ref();
        }
    }
}
