//! The thread that erases deleted sessions from the files, concurrently with writers.
//!
//! `secure_delete` overwrites deleted rows in the database. Older versions of their pages stay in the
//! write-ahead log until it is truncated, and free pages stay in the file until it is vacuumed.

use crate::{
    error::{self, Error},
    shared::Shared,
    sync::{lock, spawn},
};
use burdock::log::LogError;
use rusqlite::Connection;
use std::{sync::Arc, thread::JoinHandle, time::Duration};

/// Pause between two vacuum steps, for other writers.
const STEP_PAUSE: Duration = Duration::from_millis(1);

/// Initial and maximum delay before another attempt to truncate a write-ahead log that has readers.
const FIRST_DELAY: Duration = Duration::from_millis(10);
const MAX_DELAY: Duration = Duration::from_secs(1);

/// Starts the thread with its own connection.
pub(crate) fn start(
    shared: Arc<Shared>,
    connection: Connection,
) -> Result<JoinHandle<()>, LogError> {
    let path = shared.path.clone();
    let thread = spawn("burdock-sqlite-erase", move || Eraser { shared, connection }.run());
    thread.map_err(|error| error::spawn_failed(&path, error))
}

struct Eraser {
    shared: Arc<Shared>,
    connection: Connection,
}

/// Why an erasure stopped early.
enum Stop {
    Closed,
    Error(Error),
}

impl<F: Into<Error>> From<F> for Stop {
    fn from(error: F) -> Self {
        Self::Error(error.into())
    }
}

impl Eraser {
    fn run(self) {
        while let Some(deleted) = self.shared.erasure.next() {
            let result = match self.erase() {
                Ok(()) => Ok(()),
                Err(Stop::Closed) => break,
                Err(Stop::Error(error)) => Err(error.into_log_error(&self.shared.path)),
            };
            self.shared.erasure.complete(deleted, &result);
        }
        // if another process has the file open, the write-ahead log outlives this log
        let pending = self.shared.erasure.pending();
        if let Some(deleted) = pending.filter(|_| self.checkpoint("TRUNCATE").unwrap_or(false)) {
            self.shared.erasure.complete(deleted, &Ok(()));
        }
    }

    fn erase(&self) -> Result<(), Stop> {
        let vacuumed = self.vacuum();
        // even if the vacuum failed: the remaining free pages are overwritten
        self.truncate()?;
        vacuumed
    }

    /// Returns free pages to the file system, a few at a time.
    fn vacuum(&self) -> Result<(), Stop> {
        loop {
            let more = match &mut *lock(&self.shared.writer) {
                Some(writer) => writer.vacuum()?,
                None => return Err(Stop::Closed),
            };
            if !more {
                return Ok(());
            }
            if !self.shared.erasure.pause(STEP_PAUSE) {
                return Err(Stop::Closed);
            }
        }
    }

    /// Truncates the write-ahead log as soon as no reader needs it.
    fn truncate(&self) -> Result<(), Stop> {
        let mut delay = FIRST_DELAY;
        loop {
            // the first one does not block writers and leaves little to do for the second one
            if self.checkpoint("PASSIVE")? && self.checkpoint("TRUNCATE")? {
                if let Some(writer) = &mut *lock(&self.shared.writer) {
                    writer.set_truncated();
                }
                return Ok(());
            }
            if !self.shared.erasure.pause(delay) {
                return Err(Stop::Closed);
            }
            delay = MAX_DELAY.min(delay * 2);
        }
    }

    /// Runs a checkpoint. Returns whether it completed, without being blocked by other connections.
    fn checkpoint(&self, mode: &str) -> Result<bool, rusqlite::Error> {
        let checkpoint = format!("PRAGMA wal_checkpoint({mode})");
        let done = self.connection.query_row(&checkpoint, [], |row| Ok(row.get::<_, i64>(0)? == 0));
        match done {
            Err(error) if error::is_busy(&error) => Ok(false),
            done => done,
        }
    }
}

impl Drop for Eraser {
    /// Runs after a panic, too, so that no caller waits forever.
    fn drop(&mut self) {
        self.shared.erasure.end();
    }
}
