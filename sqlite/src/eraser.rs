//! Erasing what was deleted from the files, beside the writers.
//!
//! `secure_delete` overwrites deleted rows in the database. Their earlier pages are left in the write-ahead
//! log until that is truncated, and the free pages in the file until it is vacuumed.

use crate::{
    answer::{Answer, Asked, answer},
    fault::{self, Fault},
    log::Shared,
    sync::{lock, spawn},
};
use burdock::log::LogError;
use rusqlite::Connection;
use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// How long writers are left alone between two steps.
const STEP_PAUSE: Duration = Duration::from_millis(1);

/// How long it takes at first and at most until a write-ahead log that is read is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

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
    fn next(&self) -> Option<u64> {
        let mut state = lock(&self.state);
        while state.tried == state.deleted && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.tried = state.deleted;
        (!state.closed).then_some(state.deleted)
    }

    /// What was deleted and is not erased.
    fn behind(&self) -> Option<u64> {
        let state = lock(&self.state);
        (state.erased < state.deleted).then_some(state.deleted)
    }

    /// Waits for some time; tells whether the log is still open then.
    fn pause(&self, time: Duration) -> bool {
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
    fn settle(&self, deleted: u64, result: &Result<(), LogError>) {
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
    fn end(&self) {
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

/// Starts the thread, which has a connection of its own.
pub(crate) fn start(
    shared: Arc<Shared>,
    connection: Connection,
) -> Result<JoinHandle<()>, LogError> {
    let path = shared.path.clone();
    let thread = spawn("burdock-sqlite-erase", move || Eraser { shared, connection }.run());
    thread.map_err(|error| fault::no_thread(&path, error))
}

struct Eraser {
    shared: Arc<Shared>,
    connection: Connection,
}

/// Why erasing did not come to its end.
enum Stop {
    Closed,
    Fault(Fault),
}

impl<F: Into<Fault>> From<F> for Stop {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

impl Eraser {
    fn run(self) {
        while let Some(deleted) = self.shared.erasure.next() {
            let result = match self.erase() {
                Ok(()) => Ok(()),
                Err(Stop::Closed) => break,
                Err(Stop::Fault(fault)) => Err(fault.of(&self.shared.path)),
            };
            self.shared.erasure.settle(deleted, &result);
        }
        // another process may keep the write-ahead log when this one has closed it
        let behind = self.shared.erasure.behind();
        if let Some(deleted) = behind.filter(|_| self.checkpoint("TRUNCATE").unwrap_or(false)) {
            self.shared.erasure.settle(deleted, &Ok(()));
        }
    }

    fn erase(&self) -> Result<(), Stop> {
        let vacuumed = self.vacuum();
        // also if there are free pages left, which are overwritten
        self.truncate()?;
        vacuumed
    }

    /// Gives free pages back to the file system, some at a time.
    fn vacuum(&self) -> Result<(), Stop> {
        loop {
            let left = match &mut *lock(&self.shared.desk) {
                Some(desk) => desk.vacuum()?,
                None => return Err(Stop::Closed),
            };
            if !left {
                return Ok(());
            }
            if !self.shared.erasure.pause(STEP_PAUSE) {
                return Err(Stop::Closed);
            }
        }
    }

    /// Truncates the write-ahead log, as soon as no reader needs it any more.
    fn truncate(&self) -> Result<(), Stop> {
        let mut pause = FIRST_PAUSE;
        loop {
            // writers go on beside the first one, which leaves little to do for the second one
            if self.checkpoint("PASSIVE")? && self.checkpoint("TRUNCATE")? {
                if let Some(desk) = &mut *lock(&self.shared.desk) {
                    desk.truncated();
                }
                return Ok(());
            }
            if !self.shared.erasure.pause(pause) {
                return Err(Stop::Closed);
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Tells whether nothing was in the way.
    fn checkpoint(&self, mode: &str) -> Result<bool, rusqlite::Error> {
        let checkpoint = format!("PRAGMA wal_checkpoint({mode})");
        let done = self.connection.query_row(&checkpoint, [], |row| Ok(row.get::<_, i64>(0)? == 0));
        match done {
            Err(error) if fault::is_busy(&error) => Ok(false),
            done => done,
        }
    }
}

impl Drop for Eraser {
    /// Also when it panicked: nobody waits for ever.
    fn drop(&mut self) {
        self.shared.erasure.end();
    }
}
