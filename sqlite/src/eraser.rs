//! Erasing what was deleted from the files, beside the writers.
//!
//! `secure_delete` overwrites deleted rows in the database. Their earlier pages are left in the write-ahead
//! log until that is truncated, and the free pages in the file until it is vacuumed.

use crate::{
    fault::{self, Fault},
    shared::Shared,
    sync::{lock, spawn},
};
use burdock::log::LogError;
use rusqlite::Connection;
use std::{sync::Arc, thread::JoinHandle, time::Duration};

/// How long writers are left alone between two steps.
const STEP_PAUSE: Duration = Duration::from_millis(1);

/// How long it takes at first and at most until a write-ahead log that is read is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

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
