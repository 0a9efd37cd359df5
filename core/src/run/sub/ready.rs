//! The queue of children that have to be polled. Each child has a waker of its own, so that a wake costs the same for any
//! number of children.

use crate::sync::{Mutex, lock};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Wake, Waker},
};

/// The children to be polled, in the order of their wakes.
#[derive(Debug, Default)]
pub(super) struct ReadyQueue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<VecDeque<usize>>,
    /// The task that polls the children.
    task: Mutex<Option<Waker>>,
}

/// The waker of one child.
#[derive(Debug)]
pub(super) struct ChildWaker {
    index: usize,
    /// Whether the child is in the queue.
    queued: AtomicBool,
    shared: Arc<Shared>,
}

impl ReadyQueue {
    /// Returns the waker of a new child, which is in the queue.
    pub(super) fn add(&self, index: usize) -> Arc<ChildWaker> {
        let shared = Arc::clone(&self.0);
        lock(&shared.queue).push_back(index);
        Arc::new(ChildWaker { index, queued: AtomicBool::new(true), shared })
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.0.queue).len()
    }

    /// Sets the task that polls the children.
    pub(super) fn register(&self, task: &Waker) {
        let _replaced = {
            let mut known = lock(&self.0.task);
            match &*known {
                Some(known) if known.will_wake(task) => None,
                _ => known.replace(task.clone()),
            }
        };
    }

    /// Takes the next child.
    pub(super) fn pop(&self) -> Option<usize> {
        lock(&self.0.queue).pop_front()
    }
}

impl ChildWaker {
    /// Called before the child is polled: a wake from now on adds it to the queue again.
    pub(super) fn polling(&self) {
        self.queued.store(false, Ordering::Release);
    }

    /// Adds the child to the queue, without waking the task. Returns whether it was not in the queue.
    pub(super) fn requeue(&self) -> bool {
        let added = !self.queued.swap(true, Ordering::AcqRel);
        if added {
            lock(&self.shared.queue).push_back(self.index);
        }
        added
    }
}

impl Wake for ChildWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.requeue() {
            let task = lock(&self.shared.task).clone();
            if let Some(task) = task {
                task.wake();
            }
        }
    }
}
