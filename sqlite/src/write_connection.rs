//! The connection that commits writes; one thread at a time uses it.

use crate::{
    batch::{Batch, BatchResult, Change, Sessions},
    connection,
    error::{self, Error},
    files::Files,
    options::{SqliteOptions, Synchronous},
    queue::Batching,
    waiters::{SessionState, Ticket, Waiters, Wakeup},
    write::WriteJob,
};
use burdock::log::LogError;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use std::{
    mem,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Number of pages written between two checkpoints.
const CHECKPOINT_PAGES: usize = 1000;

/// The value of `PRAGMA auto_vacuum` for `INCREMENTAL`.
const INCREMENTAL: i64 = 2;

/// Number of free pages that one vacuum step returns to the file system.
const VACUUM_PAGES: u32 = 64;

/// Maximum number of cached sessions.
const CACHED_SESSIONS: usize = 256;

/// Commits batches of writes.
pub(crate) struct WriteConnection {
    connection: Connection,
    files: Arc<Files>,
    path: PathBuf,
    synchronous: Synchronous,
    busy_timeout: Duration,
    /// The policy that the busy timeout of the connection is set to.
    busy_policy: BusyPolicy,
    /// The data version of the file at the last check of all waiters.
    version: i64,
    /// Recently written sessions, as of the data version `cached_at`.
    cached: Sessions,
    cached_at: i64,
    /// Approximate number of pages written since the last checkpoint.
    pages: usize,
    /// Whether the file has incremental vacuum, which files of earlier versions lack.
    vacuums: bool,
    /// Whether nothing was written since the last checkpoint: the next commit restarts the WAL, with
    /// an `fsync`.
    restarts_wal: bool,
}

/// The behavior while another program has the file locked.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum BusyPolicy {
    /// Wait for the busy timeout.
    Wait,
    /// Fail at once.
    Fail,
}

/// The replies and wake-ups of a commit. They are sent after the connection is unlocked, because wakers
/// run foreign code.
#[must_use = "callers wait for it"]
pub(crate) struct Committed {
    writes: Vec<Box<dyn WriteJob>>,
    result: Result<(), LogError>,
    wakeups: Vec<Wakeup>,
    deleted: bool,
}

impl Committed {
    /// Returns whether a session was deleted.
    pub(crate) fn deleted(&self) -> bool {
        self.deleted
    }

    /// Sends the replies and wakes the waiters.
    pub(crate) fn complete(self) {
        for write in self.writes {
            write.complete(self.result.clone());
        }
        for wakeup in self.wakeups {
            wakeup.send();
        }
    }
}

impl WriteConnection {
    pub(crate) fn open(path: &Path, options: &SqliteOptions) -> Result<Self, Error> {
        let connection = connection::writer(path, options)?;
        connection.set_prepared_statement_cache_capacity(32);
        let version = data_version(&connection)?;
        let auto: i64 = connection.query_row("PRAGMA auto_vacuum", [], |row| row.get(0))?;
        let vacuums = auto == INCREMENTAL;
        let files = Arc::new(Files::of(path)?);
        Ok(Self {
            version,
            cached: Sessions::new(),
            cached_at: version,
            connection,
            files,
            path: path.to_owned(),
            synchronous: options.synchronous,
            busy_timeout: options.busy_timeout,
            busy_policy: BusyPolicy::Wait,
            pages: 0,
            vacuums,
            restarts_wal: true,
        })
    }

    /// Returns the files that are written to.
    pub(crate) fn files(&self) -> Arc<Files> {
        Arc::clone(&self.files)
    }

    /// Returns whether a commit takes less time than waking another thread for it.
    pub(crate) fn is_fast(&self) -> bool {
        self.synchronous == Synchronous::Normal && !self.restarts_wal
    }

    /// Commits writes in one transaction. Returns them unchanged if the file is locked and the policy
    /// is [`BusyPolicy::Fail`].
    pub(crate) fn write(
        &mut self,
        mut writes: Vec<Box<dyn WriteJob>>,
        batching: Batching,
        waiters: &Waiters,
        policy: BusyPolicy,
    ) -> Result<Committed, Vec<Box<dyn WriteJob>>> {
        let started = match batching {
            Batching::Shared => self.start_transaction(policy),
            // it starts its own
            Batching::Alone => self.set_busy_policy(policy),
        };
        if let Err(error) = started {
            if policy == BusyPolicy::Fail
                && error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
            {
                return Err(writes);
            }
            let result = Err(error::from_sqlite(&self.path, error));
            return Ok(Committed { writes, result, wakeups: Vec::new(), deleted: false });
        }
        let (result, wakeups, deleted) = match self.commit(&mut writes, batching) {
            Ok(BatchResult { mut sessions, changes, pages }) => {
                self.pages += pages;
                self.restarts_wal = false;
                if sessions.len() > CACHED_SESSIONS {
                    sessions.clear();
                }
                self.cached = sessions;
                let deleted = changes.iter().any(|change| matches!(change, Change::Deleted(_)));
                (Ok(()), wakeups(waiters, &changes), deleted)
            }
            Err(error) => {
                if !self.connection.is_autocommit() {
                    // the original error is reported
                    let _ = self.connection.execute_batch("ROLLBACK");
                }
                if let Error::Sqlite(_) = error {
                    // restarting the WAL may free space
                    self.pages = CHECKPOINT_PAGES;
                }
                (Err(error.into_log_error(&self.path)), Vec::new(), false)
            }
        };
        Ok(Committed { writes, result, wakeups, deleted })
    }

    fn start_transaction(&mut self, policy: BusyPolicy) -> Result<(), rusqlite::Error> {
        self.set_busy_policy(policy)?;
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(())
    }

    fn set_busy_policy(&mut self, policy: BusyPolicy) -> Result<(), rusqlite::Error> {
        if self.busy_policy != policy {
            self.busy_policy = policy;
            self.connection.busy_timeout(match policy {
                BusyPolicy::Wait => self.busy_timeout,
                BusyPolicy::Fail => Duration::ZERO,
            })?;
        }
        Ok(())
    }

    /// Clears the cached sessions on errors.
    fn commit(
        &mut self,
        writes: &mut [Box<dyn WriteJob>],
        batching: Batching,
    ) -> Result<BatchResult, Error> {
        let mut cached = mem::take(&mut self.cached);
        let alone = match batching {
            Batching::Shared => None,
            Batching::Alone => {
                let start = TransactionBehavior::Immediate;
                Some(Transaction::new_unchecked(&self.connection, start)?)
            }
        };
        // inside the transaction, where no other connection can change the file
        let version = data_version(&self.connection)?;
        if self.cached_at != version {
            self.cached_at = version;
            cached.clear();
        }
        let mut batch = match &alone {
            Some(transaction) => Batch::alone(transaction, cached),
            None => Batch::new(&self.connection, cached),
        };
        for write in writes {
            write.run(&mut batch)?;
        }
        let finished = batch.finish();
        // as late as possible, just before the commit
        self.files.check()?;
        match alone {
            Some(transaction) => transaction.commit()?,
            None => drop(self.connection.prepare_cached("COMMIT")?.execute([])?),
        }
        Ok(finished)
    }

    /// Returns whether the WAL has grown long.
    pub(crate) fn wants_checkpoint(&self) -> bool {
        self.pages >= CHECKPOINT_PAGES
    }

    /// Copies the WAL into the database, as far as possible without waiting for readers.
    pub(crate) fn checkpoint(&mut self) {
        (self.pages, self.restarts_wal) = (0, true);
        // after a failure, the next checkpoint copies everything
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }

    /// Records that another connection has copied the whole WAL and truncated it.
    pub(crate) fn set_truncated(&mut self) {
        (self.pages, self.restarts_wal) = (0, true);
    }

    /// Returns some free pages to the file system. Returns whether there are more.
    pub(crate) fn vacuum(&mut self) -> Result<bool, Error> {
        if !self.vacuums {
            return Ok(false);
        }
        self.start_transaction(BusyPolicy::Wait)?;
        let more = self.vacuum_step();
        if !self.connection.is_autocommit() {
            // the original error is reported
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        more
    }

    fn vacuum_step(&mut self) -> Result<bool, Error> {
        let free = |connection: &Connection| {
            connection.query_row("PRAGMA freelist_count", [], |row| row.get::<_, u32>(0))
        };
        let before = free(&self.connection)?;
        let vacuum = format!("PRAGMA incremental_vacuum({VACUUM_PAGES})");
        let mut statement = self.connection.prepare_cached(&vacuum)?;
        let mut pages = statement.query([])?;
        while pages.next()?.is_some() {}
        drop(pages);
        drop(statement);
        let left = free(&self.connection)?;
        self.files.check()?;
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.restarts_wal = false;
        self.pages += 1;
        // a step without progress is the last one
        Ok(left > 0 && left < before)
    }

    /// Returns whether another process may have changed the file since the last call.
    pub(crate) fn changed_by_other_process(&mut self) -> bool {
        let before = self.version;
        let (Ok(version), Ok(())) = (data_version(&self.connection), self.files.check()) else {
            // readers receive the error from their next read
            return true;
        };
        self.version = version;
        version != before
    }
}

/// Takes the waiters of the changed sessions, in the order of commits.
fn wakeups(waiters: &Waiters, changes: &[Change]) -> Vec<Wakeup> {
    let wakeups = changes.iter().flat_map(|change| match change {
        Change::Appended(session, number, next) => {
            waiters.take(session, Ticket::LAST, SessionState::At(*number, *next))
        }
        Change::Deleted(session) => waiters.take(session, Ticket::LAST, SessionState::Missing),
    });
    wakeups.collect()
}

/// Returns a number that changes when another connection commits, and not when this one does.
fn data_version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}
