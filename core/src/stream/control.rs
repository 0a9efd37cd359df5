//! Stop and the things that a run shares with other threads.

use crate::graph::{Graph, Node};
use crate::log::LogError;
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
    /// Which events go to the consumer beside items; with [`LISTENED`], others hear all of them.
    attention: AtomicU8,
    /// Who waits for a stop.
    waiting: Mutex<Vec<Waker>>,
    /// Why the log did not take an item of the action that runs.
    refusal: Mutex<Option<LogError>>,
    /// The action is done, and its step is being recorded.
    settling: AtomicBool,
}

/// Whether an action is done, and its step is being recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settling {
    No,
    Yes,
}

/// What the consumer of a run wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Attention {
    Items = 0,
    Commits = 1,
    Events = 2,
}

/// A bit beside [`Attention`]: a log or observers hear every event.
const LISTENED: u8 = 1 << 7;

impl Control {
    pub(crate) fn attend(&self, attention: Attention) {
        let listened = self.attention.load(Ordering::Relaxed) & LISTENED;
        self.attention.store(listened | attention as u8, Ordering::Relaxed);
    }

    /// From now on, others than the consumer hear every event.
    pub(crate) fn listen(&self) {
        self.attention.fetch_or(LISTENED, Ordering::Relaxed);
    }

    /// Tells whether anyone hears an event that is no item.
    #[inline]
    pub(crate) fn is_heard(&self) -> bool {
        self.attention.load(Ordering::Relaxed) != Attention::Items as u8
    }

    #[inline]
    pub(crate) fn attention(&self) -> Attention {
        match self.attention.load(Ordering::Relaxed) & !LISTENED {
            1 => Attention::Commits,
            2 => Attention::Events,
            _ => Attention::Items,
        }
    }

    pub(crate) fn at<N: Node>(&self, node: N) {
        self.node.store(node.index() as u64, Ordering::Relaxed);
    }

    pub(crate) fn node<G: Graph>(&self) -> &'static str {
        let index = usize::try_from(self.node.load(Ordering::Relaxed)).unwrap_or_default();
        G::Node::ALL.get(index).map_or("", |node| node.name())
    }

    pub(crate) fn stop(&self, run: u64) {
        self.stop.fetch_max(run, Ordering::Release);
        // they stay: the stopper may be that of an earlier run
        let waiting = lock(&self.waiting).clone();
        waiting.into_iter().for_each(Waker::wake);
    }

    #[inline]
    pub(crate) fn is_stopped(&self, run: u64) -> bool {
        self.stop.load(Ordering::Acquire) >= run
    }

    /// Wakes `waker` when a stop comes; asks again afterwards, so that none is missed.
    pub(crate) fn wait(&self, run: u64, waker: &Waker) -> Poll<()> {
        {
            let mut waiting = lock(&self.waiting);
            if !waiting.iter().any(|other| other.will_wake(waker)) {
                waiting.push(waker.clone());
            }
        }
        if self.is_stopped(run) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Has the attempt that runs end with this error.
    pub(crate) fn refuse(&self, error: LogError) {
        lock(&self.refusal).get_or_insert(error);
    }

    pub(crate) fn take_refusal(&self) -> Option<LogError> {
        lock(&self.refusal).take()
    }

    /// Tells whether an item was refused.
    pub(crate) fn is_refused(&self) -> bool {
        lock(&self.refusal).is_some()
    }

    pub(crate) fn settle(&self, settling: Settling) {
        self.settling.store(settling == Settling::Yes, Ordering::Relaxed);
    }

    pub(crate) fn is_settling(&self) -> bool {
        self.settling.load(Ordering::Relaxed)
    }

    /// Forgets who waited, when a run is over.
    pub(crate) fn forget(&self) {
        lock(&self.waiting).clear();
    }
}

/// Stops one run from anywhere: a suspended `yield_!` says [`Flow::Stop`](super::Flow), the
/// action may finish with what it has, and that is committed.
///
/// Stopping twice, or after the run is over, does nothing.
#[derive(Clone)]
pub struct Stopper {
    pub(crate) control: Arc<Control>,
    pub(crate) run: u64,
}

impl Stopper {
    /// Asks the run to stop.
    pub fn stop(&self) {
        self.control.stop(self.run);
    }

    /// Tells whether the run is to stop: a stop of it or of a later run was asked for, or it was
    /// cancelled.
    #[inline]
    pub fn is_stopped(&self) -> bool {
        self.control.is_stopped(self.run)
    }
}

impl fmt::Debug for Stopper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopper")
            .field("run", &self.run)
            .field("stopped", &self.is_stopped())
            .finish_non_exhaustive()
    }
}

/// Is ready when a stop is asked for; the future of [`Context::stopped`](crate::Context::stopped).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Stopped<'a> {
    pub(crate) control: &'a Control,
    pub(crate) run: u64,
}

impl Future for Stopped<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.control.is_stopped(self.run) {
            return Poll::Ready(());
        }
        self.control.wait(self.run, cx.waker())
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
