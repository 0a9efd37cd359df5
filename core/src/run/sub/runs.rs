//! The runs of several children at the same time.

use super::{
    ChildItem, SubEnd, SubError,
    child::{Child, ChildEvent, Finished, Plan},
    ready::{ChildWaker, ReadyQueue},
    start::ChildStart,
};
use crate::{graph::Graph, runtime::TimeSlice, stream::AbandonGuard};
use futures_core::Stream;
use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context as Task, Poll, Waker},
};

/// The number of children that run at the same time by default.
const AT_MOST: usize = 16;

/// The runs of several children: a stream of their events, and then their ends.
///
/// It is lazy: nothing happens until it is polled. The children are polled fairly in the task of the action, and each waits
/// until its last item is taken. An error of one child is an item of the stream, and the other children continue if it is
/// polled again.
///
/// If the parent is stopped, the children are stopped, and no others are started. If one of them stops before its end, the
/// stream never completes and the step of the parent is abandoned: nothing of it is committed, and a resume continues the
/// children. An action that has something to commit uses `select!` with [`Context::stopped`](crate::Context::stopped).
///
/// # Cancel safety
/// Dropping the runs cancels the children that are running: their sessions stay at their last commits, and another attempt at
/// the step continues them. Dropping the future of [`next`](SubRuns::next) loses nothing.
#[must_use = "runs do nothing unless they are polled"]
pub struct SubRuns<'a, G: Graph> {
    plan: Plan<'a, G>,
    /// Starts a child. A function pointer, so that only the creation needs the bounds of the items.
    start: fn(Plan<'a, G>, ChildStart<G>) -> Child<'a, G>,
    /// The children that have not started, with their indices.
    waiting: VecDeque<(usize, ChildStart<G>)>,
    active: Vec<Option<Active<'a, G>>>,
    /// The indices of unused slots of `active`.
    free: Vec<usize>,
    /// The number of active children.
    running: usize,
    at_most: usize,
    ready: ReadyQueue,
    /// How long the children may keep the thread together: each has a slice of its own.
    slice: TimeSlice,
    /// The keys of all children, in the order of the starts, with the ends of those that have ended.
    ends: Vec<(Arc<str>, Option<SubEnd<G>>)>,
    /// Whether a child has stopped before its end.
    stopped: bool,
    /// Whether the children discard their items.
    discarding: bool,
}

/// A child that is running.
struct Active<'a, G: Graph> {
    /// Its index among all children.
    index: usize,
    child: Child<'a, G>,
    queued: Arc<ChildWaker>,
    waker: Waker,
}

/// An event of one of several children.
#[non_exhaustive]
pub enum SubEvent<G: Graph> {
    /// The child has shown an item.
    #[non_exhaustive]
    Item {
        /// The key of the child.
        key: Arc<str>,
        /// The node of the child.
        node: G::Node,
        /// The item.
        item: G::Item,
    },
    /// The run of the child has ended; [`ends`](SubRuns::ends) has its end.
    #[non_exhaustive]
    Ended {
        /// The key of the child.
        key: Arc<str>,
    },
}

impl<'a, G: Graph> SubRuns<'a, G> {
    pub(super) fn new(plan: Plan<'a, G>, starts: Vec<ChildStart<G>>) -> Self
    where
        G::Item: ChildItem,
    {
        let ends = starts.iter().map(|start| (Arc::clone(&start.key), None)).collect();
        Self {
            plan,
            start: Child::new,
            waiting: starts.into_iter().enumerate().collect(),
            active: Vec::new(),
            free: Vec::new(),
            running: 0,
            at_most: AT_MOST,
            ready: ReadyQueue::default(),
            slice: TimeSlice::default(),
            ends,
            stopped: false,
            discarding: false,
        }
    }

    /// Sets how many children run at the same time, at least 1. Defaults to 16.
    pub fn at_most(self, at_most: usize) -> Self {
        Self { at_most: at_most.max(1), ..self }
    }

    /// Returns the next event; `None` when all children are over.
    ///
    /// # Errors
    /// Returns the error of a child. The other children continue at the next call.
    ///
    /// # Cancel safety
    /// This method is cancel safe.
    pub async fn next(&mut self) -> Option<Result<SubEvent<G>, SubError>> {
        let guard = AbandonGuard::new(self.plan.context);
        let next = poll_fn(|cx| self.poll_event(cx)).await;
        guard.completed();
        next
    }

    /// Discards the remaining events. Returns the ends of all children with their keys, in the order of the starts.
    ///
    /// # Errors
    /// Returns the first error of a child, and cancels the other children.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the children that are running.
    pub async fn finish(mut self) -> Result<Vec<(Arc<str>, SubEnd<G>)>, SubError> {
        self.discarding = true;
        self.active.iter().flatten().for_each(|active| active.child.discard_items());
        while let Some(event) = self.next().await {
            drop(event?);
        }
        Ok(self.into_ends().collect())
    }

    /// Returns the keys and the ends of the children that have ended, in the order of the starts.
    pub fn ends(&self) -> impl Iterator<Item = (&str, &SubEnd<G>)> {
        self.ends.iter().filter_map(|(key, end)| Some((&**key, end.as_ref()?)))
    }

    /// Converts the runs into the ends of the children that have ended, in the order of the starts. Cancels the others.
    pub fn into_ends(self) -> impl Iterator<Item = (Arc<str>, SubEnd<G>)> {
        self.ends.into_iter().filter_map(|(key, end)| Some((key, end?)))
    }

    fn poll_event(&mut self, cx: &mut Task<'_>) -> Poll<Option<Result<SubEvent<G>, SubError>>> {
        self.start_waiting();
        self.ready.register(cx.waker());
        // children that wake themselves are polled once, so that the task is not blocked
        for _ in 0..self.ready.len() {
            if self.slice.is_used_up(&**self.plan.context.runtime()) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let Some(slot) = self.ready.pop() else { break };
            if let Some(event) = self.poll_child(slot) {
                return Poll::Ready(Some(event));
            }
            self.start_waiting();
        }
        self.slice.restart();
        if self.ready.len() > 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.running > 0 {
            return Poll::Pending;
        }
        if self.stopped {
            self.plan.context.set_abandoned(cx.waker());
            return Poll::Pending;
        }
        Poll::Ready(None)
    }

    /// Starts children that are waiting, up to the limit and not after a stop.
    fn start_waiting(&mut self) {
        if self.running >= self.at_most || self.waiting.is_empty() {
            return;
        }
        if self.plan.context.is_stopped() {
            self.stopped = true;
            self.waiting.clear();
        }
        while self.running < self.at_most
            && let Some((index, start)) = self.waiting.pop_front()
        {
            let slot = self.free.pop().unwrap_or_else(|| {
                self.active.push(None);
                self.active.len() - 1
            });
            let queued = self.ready.add(slot);
            let child = (self.start)(self.plan.clone(), start);
            if self.discarding {
                child.discard_items();
            }
            let waker = Waker::from(Arc::clone(&queued));
            self.active[slot] = Some(Active { index, child, queued, waker });
            self.running += 1;
        }
    }

    /// Polls a child that was woken.
    fn poll_child(&mut self, slot: usize) -> Option<Result<SubEvent<G>, SubError>> {
        let active = self.active.get_mut(slot)?.as_mut()?;
        active.queued.polling();
        let Poll::Ready(event) = active.child.poll_event(&mut Task::from_waker(&active.waker))
        else {
            return None;
        };
        let (key, end) = self.ends.get_mut(active.index)?;
        let key = Arc::clone(key);
        let result = match event {
            ChildEvent::Item((node, item)) => {
                active.queued.requeue();
                return Some(Ok(SubEvent::Item { key, node, item }));
            }
            ChildEvent::Finished(result) => result,
        };
        self.active[slot] = None;
        self.free.push(slot);
        self.running -= 1;
        match result {
            Ok(Finished::Ended(ended)) => {
                *end = Some(ended);
                Some(Ok(SubEvent::Ended { key }))
            }
            Ok(Finished::Stopped) => {
                self.stopped = true;
                None
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl<G: Graph> Stream for SubRuns<'_, G> {
    type Item = Result<SubEvent<G>, SubError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_event(cx)
    }
}

/// Nothing in it is pinned: the children are boxed.
impl<G: Graph> Unpin for SubRuns<'_, G> {}

impl<G: Graph> fmt::Debug for SubRuns<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubRuns")
            .field("graph", &G::TOPOLOGY.name)
            .field("running", &self.running)
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}

impl<G: Graph<Item: fmt::Debug>> fmt::Debug for SubEvent<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item { key, node, item } => f
                .debug_struct("Item")
                .field("key", key)
                .field("node", node)
                .field("item", item)
                .finish(),
            Self::Ended { key } => f.debug_struct("Ended").field("key", key).finish(),
        }
    }
}
