//! A slot for one value between the future of a run and the task that polls the run.
//!
//! Both ends are polled by the same task, one inside the other, so the slot needs no lock: it is a
//! ring buffer of capacity one, with one end owned by the future and the other by the run. One case needs
//! care: an action may poll its `yield_!` in an executor of its own, such as `FuturesUnordered`, which
//! polls it again only after a wake. The sender therefore keeps that waker, and the receiver wakes it if
//! the value was taken and the sender was not polled.

use super::Control;
use crate::sync::{Arc, AtomicU8, Mutex, Ordering, lock};
use ringbuf::{
    CachingCons, CachingProd, StaticRb,
    traits::{Consumer as _, Producer as _, Split as _},
};
use std::{
    ptr,
    task::{Context, Poll, RawWakerVTable, Waker},
};

/// Creates the two ends of a slot.
pub(crate) fn one_item_slot<T>(control: &Arc<Control>) -> (SlotSender<T>, SlotReceiver<T>) {
    let (producer, consumer) = std::sync::Arc::new(StaticRb::default()).split();
    let sender = SlotSender { producer, control: Arc::clone(control), waker: None };
    let receiver = SlotReceiver { consumer, control: Arc::clone(control) };
    (sender, receiver)
}

/// The shared state of both ends of a slot.
#[derive(Debug, Default)]
pub(crate) struct SlotState {
    /// One of [`FREE`], [`FULL`], [`TAKEN`].
    occupancy: AtomicU8,
    waker: Mutex<Option<Waker>>,
}

const FREE: u8 = 0;
const FULL: u8 = 1;
/// Free, and the sender has not checked since the value was taken.
const TAKEN: u8 = 2;

impl SlotState {
    /// Returns whether the last value was taken. Returns `true` once for each value.
    #[inline]
    pub(super) fn was_taken(&self) -> bool {
        let taken = self.occupancy.load(Ordering::Relaxed) == TAKEN;
        if taken {
            self.occupancy.store(FREE, Ordering::Relaxed);
        }
        taken
    }
}

/// A ring buffer of capacity one.
type Ring<T> = std::sync::Arc<StaticRb<T, 1>>;

/// The sending end of a slot.
pub(crate) struct SlotSender<T> {
    producer: CachingProd<Ring<T>>,
    control: Arc<Control>,
    /// The waker that is registered for the receiver. The wakers of later polls are compared with it, so that the
    /// lock is taken only for a new one.
    waker: Option<KnownWaker>,
}

impl<T> SlotSender<T> {
    /// Puts a value into the slot. Returns it as the error if the slot is full.
    #[inline]
    pub(crate) fn put(&mut self, value: T) -> Result<(), T> {
        self.producer.try_push(value)?;
        self.control.slot.occupancy.store(FULL, Ordering::Relaxed);
        Ok(())
    }

    /// Completes when the slot is free.
    #[inline]
    pub(crate) fn poll_free(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.is_free() {
            return Poll::Ready(());
        }
        self.suspend(cx);
        Poll::Pending
    }

    /// Registers the task for a wake when the value is taken.
    #[inline]
    pub(crate) fn suspend(&mut self, cx: &Context<'_>) {
        if !self.waker.as_ref().is_some_and(|known| known.is(cx.waker())) {
            self.replace_waker(cx.waker());
        }
    }

    #[cold]
    fn replace_waker(&mut self, waker: &Waker) {
        if !self.waker.as_mut().is_some_and(|known| known.is_clone_of(waker)) {
            *lock(&self.control.slot.waker) = Some(waker.clone());
            self.waker = Some(KnownWaker::new(waker));
        }
    }

    /// Returns whether the slot is free.
    #[inline]
    pub(crate) fn is_free(&mut self) -> bool {
        let occupancy = &self.control.slot.occupancy;
        let free = occupancy.load(Ordering::Relaxed) != FULL;
        if free {
            occupancy.store(FREE, Ordering::Relaxed);
        }
        free
    }

    /// Removes the waker at the end of a run.
    pub(crate) fn remove_waker(&mut self) {
        if self.waker.take().is_some() {
            // dropped after the lock is released: it may be the last reference to a task
            let _waker = lock(&self.control.slot.waker).take();
        }
    }

    /// Discards the notification that a value was taken.
    pub(crate) fn reset(&mut self) {
        self.control.slot.was_taken();
    }
}

/// The receiving end of a slot.
pub(crate) struct SlotReceiver<T> {
    consumer: CachingCons<Ring<T>>,
    control: Arc<Control>,
}

impl<T> SlotReceiver<T> {
    /// Takes the value, if there is one.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<T> {
        let value = self.consumer.try_pop()?;
        self.control.slot.occupancy.store(TAKEN, Ordering::Relaxed);
        Some(value)
    }

    /// Applies a predicate to the value, if there is one, without taking it.
    pub(crate) fn peek_with(&self, predicate: impl FnOnce(Option<&T>) -> bool) -> bool {
        predicate(self.consumer.try_peek())
    }

    /// Wakes the sender, once for each value, if it was not polled since the value was taken. This happens if
    /// an executor between both ends waits for a wake. Called after a poll without a value.
    #[inline]
    pub(crate) fn wake_sender(&mut self) {
        if self.control.slot.was_taken()
            && let Some(waker) = lock(&self.control.slot.waker).as_ref()
        {
            waker.wake_by_ref();
        }
    }
}

/// A registered waker that can be compared with the waker of a later poll.
#[derive(Debug)]
pub(crate) struct KnownWaker {
    waker: Waker,
    /// The vtable of the waker that was cloned. Its address may differ from that of the clone, as for tokio's
    /// `block_on`, so that `will_wake` would return `false` in each poll.
    table: &'static RawWakerVTable,
}

impl KnownWaker {
    pub(crate) fn new(waker: &Waker) -> Self {
        Self { waker: waker.clone(), table: waker.vtable() }
    }

    /// Returns whether `waker` is certainly the same.
    #[inline]
    pub(crate) fn is(&self, waker: &Waker) -> bool {
        self.waker.data() == waker.data() && ptr::eq(self.table, waker.vtable())
    }

    /// Returns whether `waker` is the same, comparing the contents of the vtables. If so, stores the address of its
    /// vtable.
    fn is_clone_of(&mut self, waker: &Waker) -> bool {
        let same = self.waker.data() == waker.data() && *self.table == *waker.vtable();
        if same {
            self.table = waker.vtable();
        }
        same
    }
}
