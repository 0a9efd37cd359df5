//! The requests to erase what was deleted, and their results.

use crate::{
    answer::{Answer, Asked, answer},
    sync::lock,
};
use burdock::log::LogError;
use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What was deleted, and what of that is erased.
#[derive(Default)]
pub(crate) struct Erasure {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// How many times something was deleted.
    deleted: u64,
    /// How many of these times are erased.
    erased: u64,
    /// For how many the thread has tried.
    tried: u64,
    waiting: Vec<(u64, Asked<()>)>,
    closed: bool,
}

impl Erasure {
    /// Starts the erasure of what was deleted by now.
    pub(crate) fn request(&self) {
        lock(&self.state).deleted += 1;
        self.changed.notify_all();
    }

    /// Is ready when what was deleted by now is erased.
    pub(crate) fn finished(&self) -> Answer<()> {
        let (asked, answer) = answer();
        let mut state = lock(&self.state);
        let deleted = state.deleted;
        if state.erased == deleted || state.closed {
            let closed = state.erased < deleted;
            drop(state);
            asked.settle(if closed { Err(LogError::Closed) } else { Ok(()) });
        } else {
            // after an error it is tried again
            state.tried = state.erased;
            state.waiting.push((deleted, asked));
            drop(state);
            self.changed.notify_all();
        }
        answer
    }

    pub(crate) fn close(&self) {
        lock(&self.state).closed = true;
        self.changed.notify_all();
    }

    /// Waits for something to erase; `None` once the log is closed.
    pub(crate) fn next(&self) -> Option<u64> {
        let mut state = lock(&self.state);
        while state.tried == state.deleted && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.tried = state.deleted;
        (!state.closed).then_some(state.deleted)
    }

    /// What was deleted and is not erased.
    pub(crate) fn behind(&self) -> Option<u64> {
        let state = lock(&self.state);
        (state.erased < state.deleted).then_some(state.deleted)
    }

    /// Waits for some time; tells whether the log is still open then.
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

    /// Answers those that wait for what was deleted by then.
    pub(crate) fn settle(&self, deleted: u64, result: &Result<(), LogError>) {
        let mut state = lock(&self.state);
        if result.is_ok() {
            state.erased = deleted;
        }
        let settled = take(&mut state, deleted);
        drop(state);
        for (_, asked) in settled {
            asked.settle(result.clone());
        }
    }

    /// Nothing is erased any more.
    pub(crate) fn end(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        let left = take(&mut state, u64::MAX);
        drop(state);
        // which tells them that the log is closed
        drop(left);
    }
}

fn take(state: &mut MutexGuard<'_, State>, deleted: u64) -> Vec<(u64, Asked<()>)> {
    state.waiting.extract_if(.., |(number, _)| *number <= deleted).collect()
}
