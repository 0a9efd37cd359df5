//! The owned slot for one value between a run's future and whoever polls the run.
//!
//! Both ends are polled by the same task, one inside the other, so the slot needs no lock: it is a
//! ring of length one whose ends are owned, one by the future, one by the run. What does need
//! care is an action that polls its `yield_!` inside an executor of its own (`FuturesUnordered`
//! and the like), which polls it again only when woken: the sender keeps such a waker, and the
//! receiver wakes it when the value was taken and nobody came to see.

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

/// Makes the two ends of a slot.
pub(crate) fn one_item_slot<T>(control: &Arc<Control>) -> (SlotSender<T>, SlotReceiver<T>) {
    let (producer, consumer) = std::sync::Arc::new(StaticRb::default()).split();
    let sender = SlotSender { producer, control: Arc::clone(control), waker: None };
    let receiver = SlotReceiver { consumer, control: Arc::clone(control) };
    (sender, receiver)
}

/// What both ends of a slot know.
#[derive(Debug, Default)]
pub(crate) struct SlotState {
    /// One of [`FREE`], [`FULL`], [`TAKEN`].
    filling: AtomicU8,
    waker: Mutex<Option<Waker>>,
}

const FREE: u8 = 0;
const FULL: u8 = 1;
/// Free, and not looked at since the value was taken.
const TAKEN: u8 = 2;

impl SlotState {
    /// Whether the value that was put in last was taken; says so once.
    #[inline]
    pub(super) fn was_taken(&self) -> bool {
        let taken = self.filling.load(Ordering::Relaxed) == TAKEN;
        if taken {
            self.filling.store(FREE, Ordering::Relaxed);
        }
        taken
    }
}

/// A ring of length one.
type Ring<T> = std::sync::Arc<StaticRb<T, 1>>;

/// The end that puts values in.
pub(crate) struct SlotSender<T> {
    producer: CachingProd<Ring<T>>,
    control: Arc<Control>,
    /// The waker that the receiver knows; compared here, so that the lock is taken only for a new one.
    waker: Option<KnownWaker>,
}

impl<T> SlotSender<T> {
    /// Puts a value into a free slot; one that is not free gives it back.
    #[inline]
    pub(crate) fn put(&mut self, value: T) -> Result<(), T> {
        self.producer.try_push(value)?;
        self.control.slot.filling.store(FULL, Ordering::Relaxed);
        Ok(())
    }

    /// Is ready when the slot is free.
    #[inline]
    pub(crate) fn poll_free(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.is_free() {
            return Poll::Ready(());
        }
        self.suspend(cx);
        Poll::Pending
    }

    /// Notes that whoever put a value waits for it to be taken.
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

    /// Looks whether the slot is free.
    #[inline]
    pub(crate) fn is_free(&mut self) -> bool {
        let filling = &self.control.slot.filling;
        let free = filling.load(Ordering::Relaxed) != FULL;
        if free {
            filling.store(FREE, Ordering::Relaxed);
        }
        free
    }

    /// Forgets whom to wake: the run is over.
    pub(crate) fn forget(&mut self) {
        if self.waker.take().is_some() {
            // dropped without the lock: it may be the last that holds a task
            let _waker = lock(&self.control.slot.waker).take();
        }
    }

    /// Discards the note that a value was taken.
    pub(crate) fn reset(&mut self) {
        self.control.slot.was_taken();
    }
}

/// The end that takes values out.
pub(crate) struct SlotReceiver<T> {
    consumer: CachingCons<Ring<T>>,
    control: Arc<Control>,
}

impl<T> SlotReceiver<T> {
    /// Takes the value out.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<T> {
        let value = self.consumer.try_pop()?;
        self.control.slot.filling.store(TAKEN, Ordering::Relaxed);
        Some(value)
    }

    /// Judges by the value that was put in, if there is one, without taking it.
    pub(crate) fn peek_with(&self, judge: impl FnOnce(Option<&T>) -> bool) -> bool {
        judge(self.consumer.try_peek())
    }

    /// After a poll that brought no value: wakes an sender that was not polled though its slot is
    /// free, because an executor in between waits for a wake. Once for each value.
    #[inline]
    pub(crate) fn nudge(&mut self) {
        if self.control.slot.was_taken()
            && let Some(waker) = lock(&self.control.slot.waker).as_ref()
        {
            waker.wake_by_ref();
        }
    }
}

/// A waker that was registered, which is recognised when it comes again.
#[derive(Debug)]
pub(crate) struct KnownWaker {
    waker: Waker,
    /// The table of the waker that was cloned. It may lie elsewhere than that of the clone, as for
    /// tokio's `block_on`, so that `will_wake` would take each poll for that of another task.
    table: &'static RawWakerVTable,
}

impl KnownWaker {
    pub(crate) fn new(waker: &Waker) -> Self {
        Self { waker: waker.clone(), table: waker.vtable() }
    }

    /// Whether it is surely the same.
    #[inline]
    pub(crate) fn is(&self, waker: &Waker) -> bool {
        self.waker.data() == waker.data() && ptr::eq(self.table, waker.vtable())
    }

    /// Whether it is the same by what is in the table, which is remembered then.
    fn is_clone_of(&mut self, waker: &Waker) -> bool {
        let same = self.waker.data() == waker.data() && *self.table == *waker.vtable();
        if same {
            self.table = waker.vtable();
        }
        same
    }
}
