//! Stop and the things that a run shares with other threads.

use super::slot::SlotState;
use crate::log::LogError;
use crate::runtime::TimeSlice;
use crate::sync::{Arc, AtomicBool, AtomicU8, AtomicU64, Mutex, Ordering, lock};
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, Waker},
};

/// What the runs of one app share with stoppers and with the futures of their actions.
///
/// It is made once per app; a run is told apart by its number, so a stopper of an earlier run
/// stops nothing.
#[derive(Debug, Default)]
pub(crate) struct Control {
    /// Runs up to this number are to stop; 0 stands for none.
    stop: AtomicU64,
    /// The index of the node that the run is at.
    node: AtomicU64,
    /// Which events go to the consumer beside items; with [`OBSERVED`], others hear all of them.
    subscription: AtomicU8,
    /// The tasks that wait for a stop.
    waiting: Mutex<Waiting>,
    /// Why the log did not take an item of the action that runs.
    rejection: Mutex<Option<LogError>>,
    /// No action runs: the log is waited for.
    committing: AtomicBool,
    /// What the action that runs waits for, a [`Wait`].
    wait: AtomicU8,
    /// How long the run may keep its executor's thread.
    pub(crate) slice: TimeSlice,
    /// Whether the consumer took what was put into the slot.
    pub(crate) slot: SlotState,
}

/// What an action that is suspended waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Wait {
    /// A future of its own.
    Own = 0,
    /// The consumer, which has not taken an item yet.
    Consumer = 1,
    /// The log, which does not have an item yet.
    Log = 2,
    /// Nothing: it has abandoned its step after a stop.
    Nothing = 3,
}

/// Whether the log is waited for, and no action runs: before the first step, between steps, or while
/// the result of an action is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Committing {
    No,
    Yes,
}

/// What the consumer of a run wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Subscription {
    Items = 0,
    /// Items, commits, and that the run has started.
    Commits = 1,
    Events = 2,
    /// Items, and that the run has started.
    Start = 3,
}

/// A bit beside [`Subscription`]: a log or observers hear every event.
const OBSERVED: u8 = 1 << 7;

impl Control {
    pub(crate) fn subscribe(&self, subscription: Subscription) {
        let observed = self.subscription.load(Ordering::Relaxed) & OBSERVED;
        self.subscription.store(observed | subscription as u8, Ordering::Relaxed);
    }

    /// From now on, others than the consumer hear every event.
    pub(crate) fn set_observed(&self) {
        self.subscription.fetch_or(OBSERVED, Ordering::Relaxed);
    }

    /// Tells whether anyone hears an event that is no item.
    #[inline]
    pub(crate) fn has_subscribers(&self) -> bool {
        self.subscription.load(Ordering::Relaxed) != Subscription::Items as u8
    }

    #[inline]
    pub(crate) fn subscription(&self) -> Subscription {
        match self.subscription.load(Ordering::Relaxed) & !OBSERVED {
            1 => Subscription::Commits,
            2 => Subscription::Events,
            3 => Subscription::Start,
            _ => Subscription::Items,
        }
    }

    /// Sets the index of the node that the run is at.
    pub(crate) fn at(&self, node: usize) {
        self.node.store(node as u64, Ordering::Relaxed);
    }

    /// Returns the index of the node that the run is at.
    pub(crate) fn node(&self) -> usize {
        usize::try_from(self.node.load(Ordering::Relaxed)).unwrap_or_default()
    }

    pub(crate) fn stop(&self, generation: u64) {
        self.stop.fetch_max(generation, Ordering::Release);
        let wakers = lock(&self.waiting).take(generation);
        wakers.into_iter().for_each(Waker::wake);
    }

    #[inline]
    pub(crate) fn is_stopped(&self, generation: u64) -> bool {
        self.stop.load(Ordering::Acquire) >= generation
    }

    /// Registers `waker` for a stop of `run`, under `key` from the second call on. It asks again
    /// afterwards, so that no stop is missed.
    pub(crate) fn wait(
        &self,
        generation: u64,
        key: &mut Option<WaitKey>,
        waker: &Waker,
    ) -> Poll<()> {
        // dropped without the lock: it may be the last that holds a task
        let _replaced = lock(&self.waiting).register(generation, key, waker);
        if self.is_stopped(generation) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Removes what [`wait`](Self::wait) registered.
    pub(crate) fn leave(&self, key: &mut Option<WaitKey>) {
        if let Some(key) = key.take() {
            let _waker = lock(&self.waiting).remove(key);
        }
    }

    /// Has the attempt that runs end with this error.
    pub(crate) fn reject_item(&self, error: LogError) {
        lock(&self.rejection).get_or_insert(error);
    }

    pub(crate) fn take_rejection(&self) -> Option<LogError> {
        lock(&self.rejection).take()
    }

    /// Tells whether an item was refused.
    pub(crate) fn has_rejected_item(&self) -> bool {
        lock(&self.rejection).is_some()
    }

    pub(crate) fn set_committing(&self, committing: Committing) {
        self.committing.store(committing == Committing::Yes, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn wait_for(&self, wait: Wait) {
        self.wait.store(wait as u8, Ordering::Relaxed);
    }

    /// What the action was found to wait for since the last [`Wait::Own`].
    pub(crate) fn waits_for(&self) -> Wait {
        match self.wait.load(Ordering::Relaxed) {
            1 => Wait::Consumer,
            2 => Wait::Log,
            3 => Wait::Nothing,
            _ => Wait::Own,
        }
    }

    pub(crate) fn is_committing(&self) -> bool {
        self.committing.load(Ordering::Relaxed)
    }
}

/// The tasks that wait for a stop. Each has a slot of its own, so that registering, renewing and
/// removing one costs the same however many there are.
#[derive(Debug, Default)]
struct Waiting {
    slots: Vec<Waiter>,
    /// The indices of slots that nothing uses.
    free: Vec<usize>,
}

/// What a slot of [`Waiting`] holds.
#[derive(Debug)]
struct Waiter {
    generation: u64,
    /// `None` once it was woken or removed.
    waker: Option<Waker>,
}

/// A slot of [`Waiting`]; its owner returns it with [`Control::leave`].
#[derive(Debug)]
pub(crate) struct WaitKey(usize);

impl Waiting {
    /// Returns the waker that was replaced.
    fn register(
        &mut self,
        generation: u64,
        key: &mut Option<WaitKey>,
        waker: &Waker,
    ) -> Option<Waker> {
        let WaitKey(index) = key.get_or_insert_with(|| self.slot(generation));
        let waiter = self.slots.get_mut(*index)?;
        match &waiter.waker {
            Some(known) if known.will_wake(waker) => None,
            _ => waiter.waker.replace(waker.clone()),
        }
    }

    fn slot(&mut self, generation: u64) -> WaitKey {
        let waiter = Waiter { generation, waker: None };
        if let Some(index) = self.free.pop() {
            self.slots[index] = waiter;
            return WaitKey(index);
        }
        self.slots.push(waiter);
        WaitKey(self.slots.len() - 1)
    }

    fn remove(&mut self, WaitKey(index): WaitKey) -> Option<Waker> {
        self.free.push(index);
        let waker = self.slots.get_mut(index)?.waker.take();
        if self.free.len() == self.slots.len() {
            *self = Self::default();
        }
        waker
    }

    /// Takes the wakers of those who wait for a stop of `run` or of an earlier one. Others stay: the
    /// stopper may be that of an earlier run.
    fn take(&mut self, generation: u64) -> Vec<Waker> {
        let stopped = self.slots.iter_mut().filter(|waiter| waiter.generation <= generation);
        stopped.filter_map(|waiter| waiter.waker.take()).collect()
    }
}

/// Stops one run from anywhere: a suspended `yield_!` says [`Flow::Stop`](super::Flow), the
/// action may finish with what it has, and that is committed.
///
/// Stopping twice, or after the run is over, does nothing.
#[derive(Clone)]
pub struct Stopper {
    pub(crate) control: Arc<Control>,
    pub(crate) generation: u64,
}

impl Stopper {
    /// Asks the run to stop.
    pub fn stop(&self) {
        self.control.stop(self.generation);
    }

    /// Tells whether the run is to stop: a stop of it or of a later run was asked for, or it was
    /// cancelled.
    #[inline]
    pub fn is_stopped(&self) -> bool {
        self.control.is_stopped(self.generation)
    }
}

impl fmt::Debug for Stopper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopper")
            .field("run", &self.generation)
            .field("stopped", &self.is_stopped())
            .finish_non_exhaustive()
    }
}

/// Is ready when a stop is asked for; the future of [`Context::stopped`](crate::Context::stopped).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Stopped<'a> {
    control: &'a Control,
    generation: u64,
    key: Option<WaitKey>,
}

impl<'a> Stopped<'a> {
    pub(crate) fn new(control: &'a Control, generation: u64) -> Self {
        Self { control, generation, key: None }
    }
}

impl Future for Stopped<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.control.is_stopped(this.generation) {
            return Poll::Ready(());
        }
        this.control.wait(this.generation, &mut this.key, cx.waker())
    }
}

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.control.leave(&mut self.key);
    }
}

/// The threads of blocking actions that are still at work.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    inner: Mutex<(usize, Vec<Waker>)>,
}

impl Threads {
    pub(crate) fn enter(self: &Arc<Self>) -> Working {
        lock(&self.inner).0 += 1;
        Working(Arc::clone(self))
    }

    pub(crate) fn poll_idle(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut inner = lock(&self.inner);
        if inner.0 == 0 {
            return Poll::Ready(());
        }
        inner.1.push(cx.waker().clone());
        Poll::Pending
    }
}

/// Counts one thread until it is dropped.
#[derive(Debug)]
pub(crate) struct Working(Arc<Threads>);

impl Drop for Working {
    fn drop(&mut self) {
        let waiting = {
            let mut inner = lock(&self.0.inner);
            inner.0 -= 1;
            if inner.0 > 0 {
                return;
            }
            std::mem::take(&mut inner.1)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        pin::pin,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering::Relaxed},
        },
        task::Wake,
    };

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    /// The slots in use, and all of them.
    fn slots(control: &Control) -> (usize, usize) {
        let waiting = lock(&control.waiting);
        (waiting.slots.len() - waiting.free.len(), waiting.slots.len())
    }

    const MANY: usize = 16_000;

    #[test]
    fn each_future_has_one_registration_however_often_it_is_polled() {
        let control = Control::default();
        let mut waiting: Vec<_> = (0..MANY).map(|_| Stopped::new(&control, 1)).collect();
        let counters: Vec<_> = (0..MANY).map(|_| Arc::new(Wakes::default())).collect();
        for round in 1..=3 {
            for (future, counter) in waiting.iter_mut().zip(&counters) {
                // a task may move to another waker between polls
                let waker = Waker::from(Arc::clone(counter));
                assert!(pin!(future).poll(&mut Context::from_waker(&waker)).is_pending());
            }
            assert_eq!(slots(&control), (MANY, MANY), "round {round}");
        }
        control.stop(1);
        control.stop(1);
        assert!(counters.iter().all(|counter| counter.0.load(Relaxed) == 1), "each is woken once");
        drop(waiting);
        assert_eq!(slots(&control), (0, 0));
        assert!(counters.iter().all(|counter| Arc::strong_count(counter) == 1), "no waker is kept");
    }

    #[test]
    fn a_future_that_is_dropped_gives_its_slot_to_the_next_one() {
        let control = Control::default();
        let counter = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&counter));
        let mut stays = pin!(Stopped::new(&control, 1));
        assert!(stays.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        for _ in 0..MANY {
            let passes = pin!(Stopped::new(&control, 1));
            assert!(passes.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert_eq!(slots(&control), (1, 2));
        control.stop(1);
        assert_eq!(counter.0.load(Relaxed), 1);
        assert!(stays.poll(&mut Context::from_waker(&waker)).is_ready());
    }

    #[test]
    fn a_stop_of_an_earlier_run_wakes_nothing_of_a_later_one() {
        let control = Control::default();
        let counter = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&counter));
        let mut future = pin!(Stopped::new(&control, 2));
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        control.stop(1);
        assert_eq!(counter.0.load(Relaxed), 0);
        control.stop(2);
        assert_eq!(counter.0.load(Relaxed), 1);
    }

    /// As an executor whose waker is the last that holds a task, which waits for a stop itself.
    struct Task(crate::sync::Arc<Control>, Mutex<Option<WaitKey>>);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for Task {
        fn drop(&mut self) {
            self.0.leave(crate::sync::exclusive(&mut self.1));
        }
    }

    #[test]
    fn a_waker_may_own_a_task_that_waits_itself() {
        let control = crate::sync::Arc::new(Control::default());
        let (mut inner, mut outer) = (None, None);
        assert!(control.wait(1, &mut inner, Waker::noop()).is_pending());
        let task = Task(crate::sync::Arc::clone(&control), Mutex::new(inner));
        assert!(control.wait(1, &mut outer, &Waker::from(Arc::new(task))).is_pending());
        assert!(control.wait(1, &mut outer, Waker::noop()).is_pending());
        assert_eq!(slots(&control), (1, 2));
        control.leave(&mut outer);
        assert_eq!(slots(&control), (0, 0));
    }
}
