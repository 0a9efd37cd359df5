//! The connection that writes: one at a time has it.

use crate::{
    batch::{Batch, Change, Finished, Sessions},
    connection,
    fault::{self, Fault},
    files::Files,
    options::{SqliteOptions, Synchronous},
    waiting::{News, Ticket, Told, Waiting},
    write::Write,
};
use burdock::log::LogError;
use rusqlite::{Connection, ErrorCode};
use std::{
    mem,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How many pages are written between two checkpoints.
const CHECKPOINT_PAGES: usize = 1000;

/// What the file has for `auto_vacuum = INCREMENTAL`.
const INCREMENTAL: i64 = 2;

/// How many free pages are given back to the file system at once.
const VACUUM_PAGES: u32 = 64;

/// How many sessions are kept in mind.
const KNOWN: usize = 256;

/// Where groups of writes are committed.
pub(crate) struct Desk {
    connection: Connection,
    files: Arc<Files>,
    path: PathBuf,
    synchronous: Synchronous,
    busy_timeout: Duration,
    /// What the connection does when another program has the file locked.
    patience: Patience,
    /// The state of the file in which every waiter was looked after.
    version: i64,
    /// Sessions that were written lately, as they are in the state `known_at` of the file.
    known: Sessions,
    known_at: i64,
    /// About how many pages were written since the last checkpoint.
    pages: usize,
    /// Whether the file can give back free pages; those of earlier versions cannot.
    vacuums: bool,
    /// Whether nothing was written since: what comes first begins the WAL anew, with an `fsync`.
    fresh: bool,
}

/// Whether to wait while another program writes.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Patience {
    Waits,
    GivesUp,
}

/// What is left to do when others may write again: it calls foreign code.
#[must_use = "somebody waits for it"]
pub(crate) struct Committed {
    writes: Vec<Box<dyn Write>>,
    result: Result<(), LogError>,
    told: Vec<Told>,
    deleted: bool,
}

impl Committed {
    /// Whether a session was deleted.
    pub(crate) fn deleted(&self) -> bool {
        self.deleted
    }

    /// Answers.
    pub(crate) fn settle(self) {
        for write in self.writes {
            write.settle(self.result.clone());
        }
        for told in self.told {
            told.settle();
        }
    }
}

impl Desk {
    pub(crate) fn open(path: &Path, options: &SqliteOptions) -> Result<Self, Fault> {
        let connection = connection::writer(path, options)?;
        connection.set_prepared_statement_cache_capacity(32);
        let version = data_version(&connection)?;
        let auto: i64 = connection.query_row("PRAGMA auto_vacuum", [], |row| row.get(0))?;
        let vacuums = auto == INCREMENTAL;
        let files = Arc::new(Files::of(path)?);
        Ok(Self {
            version,
            known: Sessions::new(),
            known_at: version,
            connection,
            files,
            path: path.to_owned(),
            synchronous: options.synchronous,
            busy_timeout: options.busy_timeout,
            patience: Patience::Waits,
            pages: 0,
            vacuums,
            fresh: true,
        })
    }

    /// The files that are written to.
    pub(crate) fn files(&self) -> Arc<Files> {
        Arc::clone(&self.files)
    }

    /// Whether a commit takes less time than to hand it to another thread.
    pub(crate) fn is_quick(&self) -> bool {
        self.synchronous == Synchronous::Normal && !self.fresh
    }

    /// Commits writes together. Gives them back, untouched, if the file is locked and there is no
    /// patience.
    pub(crate) fn write(
        &mut self,
        mut writes: Vec<Box<dyn Write>>,
        waiting: &Waiting,
        patience: Patience,
    ) -> Result<Committed, Vec<Box<dyn Write>>> {
        if let Err(error) = self.begin(patience) {
            if patience == Patience::GivesUp
                && error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
            {
                return Err(writes);
            }
            let result = Err(fault::storage(&self.path, error));
            return Ok(Committed { writes, result, told: Vec::new(), deleted: false });
        }
        let (result, told, deleted) = match self.commit(&mut writes) {
            Ok(Finished { mut sessions, changes, pages }) => {
                self.pages += pages;
                self.fresh = false;
                if sessions.len() > KNOWN {
                    sessions.clear();
                }
                self.known = sessions;
                let deleted = changes.iter().any(|change| matches!(change, Change::Deleted(_)));
                (Ok(()), tell(waiting, &changes), deleted)
            }
            Err(fault) => {
                if !self.connection.is_autocommit() {
                    // what went wrong is told already
                    let _ = self.connection.execute_batch("ROLLBACK");
                }
                // a WAL that can be begun anew may make room
                self.pages = CHECKPOINT_PAGES;
                (Err(fault.of(&self.path)), Vec::new(), false)
            }
        };
        Ok(Committed { writes, result, told, deleted })
    }

    fn begin(&mut self, patience: Patience) -> Result<(), rusqlite::Error> {
        if self.patience != patience {
            self.patience = patience;
            self.connection.busy_timeout(match patience {
                Patience::Waits => self.busy_timeout,
                Patience::GivesUp => Duration::ZERO,
            })?;
        }
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(())
    }

    /// What goes wrong leaves nothing known.
    fn commit(&mut self, writes: &mut [Box<dyn Write>]) -> Result<Finished, Fault> {
        let mut known = mem::take(&mut self.known);
        // inside of the transaction: nobody else changes the file any more
        let version = data_version(&self.connection)?;
        if self.known_at != version {
            self.known_at = version;
            known.clear();
        }
        let mut batch = Batch::new(&self.connection, known);
        for write in writes {
            write.run(&mut batch)?;
        }
        let finished = batch.finish();
        // as late as it can be refused
        self.files.check()?;
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(finished)
    }

    /// Whether the WAL has become long.
    pub(crate) fn wants_checkpoint(&self) -> bool {
        self.pages >= CHECKPOINT_PAGES
    }

    /// Copies the WAL into the file, as far as nobody reads it.
    pub(crate) fn checkpoint(&mut self) {
        (self.pages, self.fresh) = (0, true);
        // one that fails is made up for by the next
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }

    /// Another connection has copied all of the WAL and truncated it.
    pub(crate) fn truncated(&mut self) {
        (self.pages, self.fresh) = (0, true);
    }

    /// Gives some free pages back to the file system; tells whether there are more.
    pub(crate) fn vacuum(&mut self) -> Result<bool, Fault> {
        if !self.vacuums {
            return Ok(false);
        }
        self.begin(Patience::Waits)?;
        let left = self.give_back();
        if !self.connection.is_autocommit() {
            // what went wrong is told already
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        left
    }

    fn give_back(&mut self) -> Result<bool, Fault> {
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
        self.fresh = false;
        self.pages += 1;
        // while there is progress
        Ok(left > 0 && left < before)
    }

    /// Whether another process may have changed the file since the last call.
    pub(crate) fn was_changed_elsewhere(&mut self) -> bool {
        let before = self.version;
        let (Ok(version), Ok(())) = (data_version(&self.connection), self.files.check()) else {
            // whoever reads is told why
            return true;
        };
        self.version = version;
        version != before
    }
}

/// Takes those who waited for the changes, in the order of commits.
fn tell(waiting: &Waiting, changes: &[Change]) -> Vec<Told> {
    let told = changes.iter().flat_map(|change| match change {
        Change::Grown(session, number, next) => {
            waiting.tell(session, Ticket::LAST, News::At(*number, *next))
        }
        Change::Deleted(session) => waiting.tell(session, Ticket::LAST, News::Gone),
    });
    told.collect()
}

/// Changes when another connection commits, and not when this one does.
fn data_version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}
