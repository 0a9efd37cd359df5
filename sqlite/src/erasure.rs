//! Requests to erase deleted sessions, and their results.

use crate::{
    reply::{self, Reply, ReplySender},
    sync::lock,
};
use burdock::log::LogError;
use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Counts deletions and how many of them are erased.
#[derive(Default)]
pub(crate) struct Erasure {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Number of deletions.
    deleted: u64,
    /// Number of deletions that are erased.
    erased: u64,
    /// Number of deletions that the thread has attempted to erase.
    attempted: u64,
    waiting: Vec<(u64, ReplySender<()>)>,
    closed: bool,
}

impl Erasure {
    /// Requests the erasure of everything deleted so far.
    pub(crate) fn request(&self) {
        lock(&self.state).deleted += 1;
        self.changed.notify_all();
    }

    /// Returns a future that completes when everything deleted so far is erased.
    pub(crate) fn finished(&self) -> Reply<()> {
        let (sender, reply) = reply::channel();
        let mut state = lock(&self.state);
        let deleted = state.deleted;
        if state.erased == deleted || state.closed {
            let closed = state.erased < deleted;
            drop(state);
            sender.send(if closed { Err(LogError::Closed) } else { Ok(()) });
        } else {
            // retry after an error
            state.attempted = state.erased;
            state.waiting.push((deleted, sender));
            drop(state);
            self.changed.notify_all();
        }
        reply
    }

    pub(crate) fn close(&self) {
        lock(&self.state).closed = true;
        self.changed.notify_all();
    }

    /// Waits for something to erase. Returns `None` once the log is closed.
    pub(crate) fn next(&self) -> Option<u64> {
        let mut state = lock(&self.state);
        while state.attempted == state.deleted && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.attempted = state.deleted;
        (!state.closed).then_some(state.deleted)
    }

    /// Returns the number of deletions if some of them are not erased.
    pub(crate) fn pending(&self) -> Option<u64> {
        let state = lock(&self.state);
        (state.erased < state.deleted).then_some(state.deleted)
    }

    /// Sleeps, or until the log is closed. Returns whether the log is still open.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        let mut state = lock(&self.state);
        while !state.closed {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            let woken = self.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    /// Sends the result to the callers that wait for the first `deleted` deletions.
    pub(crate) fn complete(&self, deleted: u64, result: &Result<(), LogError>) {
        let mut state = lock(&self.state);
        if result.is_ok() {
            state.erased = deleted;
        }
        let completed = take(&mut state, deleted);
        drop(state);
        for (_, sender) in completed {
            sender.send(result.clone());
        }
    }

    /// Ends the erasure: the remaining callers receive [`LogError::Closed`].
    pub(crate) fn end(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        let left = take(&mut state, u64::MAX);
        drop(state);
        drop(left);
    }
}

fn take(state: &mut MutexGuard<'_, State>, deleted: u64) -> Vec<(u64, ReplySender<()>)> {
    state.waiting.extract_if(.., |(number, _)| *number <= deleted).collect()
}
