//! Stop requests, and the other state that runs share with other threads.

use super::{CallStart, NewCall, NotStored, Serial, calls::Calls, slot::SlotState};
use crate::log::{CallRecord, LogError, Offset};
use crate::runtime::TimeSlice;
use crate::sync::{Arc, AtomicBool, AtomicU8, AtomicU64, Mutex, Ordering, lock};
use std::{
    collections::BTreeMap,
    fmt,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// The default of `AppBuilder::grace_period`.
pub(crate) const GRACE_PERIOD: Duration = Duration::from_secs(5);

/// State that the runs of an app share with their stoppers and with the futures of their actions.
///
/// There is one per app. Each `Run` has a generation number, so that the stopper of an earlier run
/// cannot stop a later one.
#[derive(Debug, Default)]
pub(crate) struct Control {
    /// Runs up to this generation are asked to stop; 0 if there are none.
    stop: AtomicU64,
    /// The index of the current node.
    node: AtomicU64,
    /// A [`Subscription`], and the bit [`OBSERVED`].
    subscription: AtomicU8,
    /// The tasks that wait for a stop.
    waiting: Mutex<Waiting>,
    /// The error with which the log rejected an item of the current attempt.
    rejection: Mutex<Option<LogError>>,
    /// The calls of the current attempt.
    pub(super) calls: Mutex<Calls>,
    /// The current attempt, and 0 between two attempts. An app with a log has it in `calls` as well.
    attempt: AtomicU64,
    /// Whether an attempt of an app without a log has made a call.
    has_calls: AtomicBool,
    /// Whether the app has a log.
    has_log: AtomicBool,
    /// A [`Committing`].
    committing: AtomicBool,
    /// A [`Wait`].
    wait: AtomicU8,
    /// The task of the future that has abandoned its step.
    abandoned: Mutex<Option<Waker>>,
    /// The grace period of the current run, in nanoseconds. The children that it starts have it as well.
    grace_period: AtomicU64,
    /// How long the run may keep its executor's thread.
    pub(crate) slice: TimeSlice,
    /// Whether the consumer has taken the value in the slot.
    pub(crate) slot: SlotState,
}

/// The reason why the current action is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Wait {
    /// It waits for a future of its own.
    Own = 0,
    /// It waits for the consumer to take an item.
    Consumer = 1,
    /// It waits for the log to store an item.
    Log = 2,
    /// It has abandoned its step after a stop.
    Abandoned = 3,
}

/// Whether the run waits for the log and no action is running: before the first step, between steps, or
/// while the result of an action is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Committing {
    No,
    Yes,
}

/// The events that the consumer of a run receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Subscription {
    Items = 0,
    /// Items, commits, and the start of the run.
    Commits = 1,
    Events = 2,
    /// Items, and the start of the run.
    Start = 3,
}

/// A bit beside [`Subscription`]: a log or observers receive every event.
const OBSERVED: u8 = 1 << 7;

impl Control {
    pub(crate) fn subscribe(&self, subscription: Subscription) {
        let observed = self.subscription.load(Ordering::Relaxed) & OBSERVED;
        self.subscription.store(observed | subscription as u8, Ordering::Relaxed);
    }

    /// Marks that a log or observers receive every event from now on.
    pub(crate) fn set_observed(&self) {
        self.subscription.fetch_or(OBSERVED, Ordering::Relaxed);
    }

    /// Returns whether the consumer, a log or an observer receives events other than items.
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

    /// Sets the index of the current node.
    pub(crate) fn set_node(&self, node: usize) {
        self.node.store(node as u64, Ordering::Relaxed);
    }

    /// Returns the index of the current node.
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

    /// Registers `waker` for a stop of this generation; `key` stores the registration between calls. Checks for
    /// a stop after registering, so that none is missed.
    pub(crate) fn poll_stop(
        &self,
        generation: u64,
        key: &mut Option<WaitKey>,
        waker: &Waker,
    ) -> Poll<()> {
        // dropped after the lock is released: it may be the last reference to a task
        let _replaced = lock(&self.waiting).register(generation, key, waker);
        if self.is_stopped(generation) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Removes the registration of [`poll_stop`](Self::poll_stop).
    pub(crate) fn deregister(&self, key: &mut Option<WaitKey>) {
        if let Some(key) = key.take() {
            let _waker = lock(&self.waiting).remove(key);
        }
    }

    /// Makes the current attempt fail with the error with which the log rejected an item.
    pub(crate) fn reject_item(&self, error: LogError) {
        lock(&self.rejection).get_or_insert(error);
    }

    pub(crate) fn take_rejection(&self) -> Option<LogError> {
        lock(&self.rejection).take()
    }

    /// Returns whether the log has rejected an item of the current attempt.
    pub(crate) fn has_rejected_item(&self) -> bool {
        lock(&self.rejection).is_some()
    }

    /// Marks that the app has a log, which records the results of calls.
    pub(crate) fn set_logged(&self) {
        self.has_log.store(true, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn has_log(&self) -> bool {
        self.has_log.load(Ordering::Relaxed)
    }

    /// Starts an attempt.
    #[inline]
    pub(crate) fn start_attempt(&self, attempt: Serial) {
        self.attempt.store(attempt, Ordering::Relaxed);
    }

    /// Starts an attempt of an app with a log, whose step has added these calls to the journal, before `end`.
    pub(crate) fn start_logged(
        &self,
        attempt: Serial,
        added: &BTreeMap<String, CallRecord>,
        end: Offset,
    ) {
        let over = lock(&self.calls).reset_logged(attempt, added, end);
        over.into_iter().for_each(Waker::wake);
    }

    /// Starts an attempt of a test, whose step has recorded these calls.
    pub(crate) fn start_recorded(&self, attempt: Serial, recorded: BTreeMap<String, CallRecord>) {
        self.start_attempt(attempt);
        lock(&self.calls).reset(attempt, recorded);
    }

    /// Starts a call of an attempt at a step.
    pub(crate) fn start_call(&self, attempt: Serial, step: u64, key: &str) -> CallStart {
        let mut calls = lock(&self.calls);
        if !self.has_log() {
            // in the opposite order of `keep_calls`: either the attempt is over here, or its end takes the lock
            self.has_calls.store(true, Ordering::SeqCst);
            if self.attempt.load(Ordering::SeqCst) != attempt {
                return CallStart::Over;
            }
            if !calls.is_of(attempt) {
                // the first call of the attempt
                calls.reset_kept(attempt, step);
            }
        }
        let start = calls.start(attempt, key);
        if start == CallStart::Waiting {
            // the run asks the log
            let run = calls.run();
            drop(calls);
            run.into_iter().for_each(Waker::wake);
        }
        start
    }

    /// Ends a call that was dropped before it returned.
    pub(crate) fn abandon_call(&self, attempt: Serial, key: &str) {
        let (_waker, held) = lock(&self.calls).abandon(attempt, key);
        held.into_iter().for_each(Waker::wake);
    }

    /// Keeps the record of a call without a log. Returns `false` if the attempt is over.
    pub(crate) fn keep_call(&self, attempt: Serial, key: &str, record: CallRecord) -> bool {
        lock(&self.calls).keep(attempt, key, record)
    }

    /// Has the run record a part of a call.
    pub(crate) fn submit_call(&self, attempt: Serial, key: &str, call: NewCall) {
        let run = {
            let mut calls = lock(&self.calls);
            calls.submit(attempt, key, call);
            calls.run()
        };
        run.into_iter().for_each(Waker::wake);
    }

    /// Completes with the record of a call when the log has it, or with the reason why it does not.
    pub(crate) fn poll_call(
        &self,
        attempt: Serial,
        key: &str,
        waker: &Waker,
    ) -> Poll<Result<CallRecord, NotStored>> {
        let (polled, _replaced) = lock(&self.calls).poll(attempt, key, waker);
        polled
    }

    /// Registers the task of the run, and returns whether a call waits for the log.
    pub(crate) fn calls_wait(&self, run: &Waker) -> bool {
        let (is_waiting, _replaced) = {
            let mut calls = lock(&self.calls);
            (calls.is_waiting(), calls.set_run(Some(run)))
        };
        is_waiting
    }

    /// Returns whether a task waits for a call that the log does not have.
    pub(crate) fn has_call_waiters(&self) -> bool {
        lock(&self.calls).has_waiters()
    }

    /// Removes the task of the run, which its waker would keep alive.
    pub(crate) fn remove_run(&self) {
        if self.has_log() {
            let _removed = lock(&self.calls).set_run(None);
        }
    }

    /// Adds the new parts of the calls of an attempt to the journal. Returns the offset up to which the journal has to be
    /// stored so that the first call can return.
    pub(crate) fn record_calls(
        &self,
        attempt: Serial,
        add: impl FnMut(&str, NewCall, Option<&CallRecord>) -> Result<(CallRecord, Offset), LogError>,
    ) -> Result<Offset, LogError> {
        lock(&self.calls).record(attempt, add)
    }

    /// Called when the log has the journal up to `end`.
    pub(crate) fn calls_stored(&self, end: Offset) {
        let wakers = lock(&self.calls).stored(end);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Ends an attempt that was committed: its calls are over. Returns whether an app without a log may have kept some.
    #[inline]
    pub(crate) fn attempt_committed(&self) -> bool {
        self.attempt.store(0, Ordering::Relaxed);
        let has_calls = self.has_calls.load(Ordering::Relaxed);
        if self.has_log() || has_calls {
            self.discard_calls();
        }
        has_calls
    }

    #[cold]
    fn discard_calls(&self) {
        self.has_calls.store(false, Ordering::Relaxed);
        let over = {
            let mut calls = lock(&self.calls);
            calls.forget();
            calls.clear()
        };
        over.into_iter().for_each(Waker::wake);
    }

    /// Ends an attempt of an app with a log that was not committed, and adds the new parts of its calls to the journal.
    /// Returns its calls.
    pub(crate) fn end_calls(
        &self,
        attempt: Serial,
        add: impl FnMut(&str, NewCall, Option<&CallRecord>) -> Result<(CallRecord, Offset), LogError>,
    ) -> BTreeMap<String, CallRecord> {
        self.attempt.store(0, Ordering::Relaxed);
        let (records, over) = lock(&self.calls).end(attempt, add);
        over.into_iter().for_each(Waker::wake);
        records
    }

    /// Ends an attempt of an app without a log that was not committed. Keeps its calls.
    pub(crate) fn keep_calls(&self, attempt: Serial, step: u64) {
        self.attempt.store(0, Ordering::SeqCst);
        // stays set until the results are discarded
        if self.has_calls.load(Ordering::SeqCst) {
            lock(&self.calls).keep_results(attempt, step);
        }
    }

    /// Discards the calls that are kept without a log.
    pub(crate) fn forget_calls(&self) {
        if !self.has_log() {
            lock(&self.calls).forget();
        }
    }

    pub(crate) fn set_committing(&self, committing: Committing) {
        self.committing.store(committing == Committing::Yes, Ordering::Relaxed);
    }

    /// Sets the reason why the current action is suspended.
    #[inline]
    pub(crate) fn set_waiting_for(&self, wait: Wait) {
        self.wait.store(wait as u8, Ordering::Relaxed);
    }

    /// Marks the step as abandoned by a future, as of a poll that returns `Pending`.
    pub(crate) fn set_abandoned(&self, task: &Waker) {
        self.set_waiting_for(Wait::Abandoned);
        let _replaced = lock(&self.abandoned).replace(task.clone());
    }

    /// Has the future that has abandoned the step polled again. If it marks the step again, the action still waits for it.
    pub(crate) fn confirm_abandoned(&self) {
        self.set_waiting_for(Wait::Own);
        let task = lock(&self.abandoned).take();
        task.into_iter().for_each(Waker::wake);
    }

    /// Removes the task of a future that has abandoned its step, which its waker would keep alive.
    pub(crate) fn remove_abandoned(&self) {
        let _removed = lock(&self.abandoned).take();
    }

    /// Returns the reason why the current action is suspended.
    pub(crate) fn waiting_for(&self) -> Wait {
        match self.wait.load(Ordering::Relaxed) {
            1 => Wait::Consumer,
            2 => Wait::Log,
            3 => Wait::Abandoned,
            _ => Wait::Own,
        }
    }

    pub(crate) fn set_grace_period(&self, grace_period: Duration) {
        let nanos = u64::try_from(grace_period.as_nanos()).unwrap_or(u64::MAX);
        self.grace_period.store(nanos, Ordering::Relaxed);
    }

    /// Returns the grace period of the current run.
    pub(crate) fn grace_period(&self) -> Duration {
        Duration::from_nanos(self.grace_period.load(Ordering::Relaxed))
    }

    pub(crate) fn is_committing(&self) -> bool {
        self.committing.load(Ordering::Relaxed)
    }
}

/// The tasks that wait for a stop. Each has its own slot, so that registering, updating and removing a task
/// takes constant time.
#[derive(Debug, Default)]
struct Waiting {
    slots: Vec<Waiter>,
    /// The indices of unused slots.
    free: Vec<usize>,
}

/// A slot of [`Waiting`].
#[derive(Debug)]
struct Waiter {
    generation: u64,
    /// `None` after it was woken or removed.
    waker: Option<Waker>,
}

/// The index of a slot of [`Waiting`]; its owner frees it with [`Control::deregister`].
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

    /// Takes the wakers of the tasks that wait for a stop of this generation or an earlier one. Those of later
    /// runs stay.
    fn take(&mut self, generation: u64) -> Vec<Waker> {
        let stopped = self.slots.iter_mut().filter(|waiter| waiter.generation <= generation);
        stopped.filter_map(|waiter| waiter.waker.take()).collect()
    }
}

/// A handle that stops one run from any task or thread.
///
/// A suspended `yield_!` returns [`Flow::Stop`](super::Flow). The action may finish with what it has, and its
/// writes are committed.
///
/// Stopping a run again, or after it is over, does nothing.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// use burdock::Outcome;
///
/// let mut app = Cafe::app().build().await?;
/// let mut run = app.run(CafeInputs { cups: 5 });
/// let stopper = run.stopper();
/// assert_eq!(run.next().await.unwrap()?, "cup 1");
/// std::thread::spawn(move || stopper.stop()).join().unwrap(); // for example a signal handler
///
/// let end = run.finish().await?;
/// assert_eq!(end.outcome(), Outcome::Stopped(CafeNode::pay));
/// assert_eq!(end.state().cups, 1); // `brew` has committed the cup that was ready
/// # Ok(()) }
/// ```
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

    /// Returns whether a stop of this run or of a later one was requested, or this run was cancelled.
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

/// The future of [`Context::stopped`](crate::Context::stopped), which completes when a stop is requested.
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
        this.control.poll_stop(this.generation, &mut this.key, cx.waker())
    }
}

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.control.deregister(&mut self.key);
    }
}

/// A count of the threads on which blocking actions are running.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    /// The number of running threads, and the tasks that wait until it is 0.
    inner: Mutex<(usize, Vec<Waker>)>,
}

impl Threads {
    pub(crate) fn enter(self: &Arc<Self>) -> ThreadGuard {
        lock(&self.inner).0 += 1;
        ThreadGuard(Arc::clone(self))
    }

    /// Completes when no thread is running.
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
pub(crate) struct ThreadGuard(Arc<Threads>);

impl Drop for ThreadGuard {
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

    /// Returns the number of slots in use, and of all slots.
    fn slots(control: &Control) -> (usize, usize) {
        let waiting = lock(&control.waiting);
        (waiting.slots.len() - waiting.free.len(), waiting.slots.len())
    }

    const MANY: usize = 16_000;

    #[test]
    fn polling_a_future_again_reuses_its_registration() {
        let control = Control::default();
        let mut waiting: Vec<_> = (0..MANY).map(|_| Stopped::new(&control, 1)).collect();
        let counters: Vec<_> = (0..MANY).map(|_| Arc::new(Wakes::default())).collect();
        for round in 1..=3 {
            for (future, counter) in waiting.iter_mut().zip(&counters) {
                // a future may be polled with another waker each time
                let waker = Waker::from(Arc::clone(counter));
                assert!(pin!(future).poll(&mut Context::from_waker(&waker)).is_pending());
            }
            assert_eq!(slots(&control), (MANY, MANY), "round {round}");
        }
        control.stop(1);
        control.stop(1);
        assert!(counters.iter().all(|counter| counter.0.load(Relaxed) == 1), "woken exactly once");
        drop(waiting);
        assert_eq!(slots(&control), (0, 0));
        assert!(counters.iter().all(|counter| Arc::strong_count(counter) == 1), "no waker is kept");
    }

    #[test]
    fn slot_of_a_dropped_future_is_reused() {
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
    fn stop_of_an_earlier_run_does_not_wake_a_later_run() {
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

    /// A task that is owned by its waker and that waits for a stop itself.
    struct Task(crate::sync::Arc<Control>, Mutex<Option<WaitKey>>);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for Task {
        fn drop(&mut self) {
            self.0.deregister(crate::sync::exclusive(&mut self.1));
        }
    }

    #[test]
    fn waker_may_own_a_task_that_waits_for_a_stop() {
        let control = crate::sync::Arc::new(Control::default());
        let (mut inner, mut outer) = (None, None);
        assert!(control.poll_stop(1, &mut inner, Waker::noop()).is_pending());
        let task = Task(crate::sync::Arc::clone(&control), Mutex::new(inner));
        assert!(control.poll_stop(1, &mut outer, &Waker::from(Arc::new(task))).is_pending());
        assert!(control.poll_stop(1, &mut outer, Waker::noop()).is_pending());
        assert_eq!(slots(&control), (1, 2));
        control.deregister(&mut outer);
        assert_eq!(slots(&control), (0, 0));
    }
}
