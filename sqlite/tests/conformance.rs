//! Conformance tests of the SQLite log.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use burdock::log::{Log, LogError};
use burdock_sqlite::{SqliteLog, Synchronous};
use burdock_testkit::Subject;
use futures::future::BoxFuture;
use rusqlite::Connection;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;

struct File {
    synchronous: Synchronous,
    folder: TempDir,
    current: Mutex<Current>,
}

/// The current file. A crash continues with a copy.
struct Current {
    copies: u32,
    log: Option<SqliteLog>,
}

impl File {
    fn new(synchronous: Synchronous) -> Self {
        let current = Mutex::new(Current { copies: 0, log: None });
        Self { synchronous, folder: tempfile::tempdir().unwrap(), current }
    }

    fn path(&self, copy: u32) -> PathBuf {
        self.folder.path().join(format!("{copy}.db"))
    }

    async fn open(&self, path: PathBuf) -> Result<SqliteLog, LogError> {
        SqliteLog::options().synchronous(self.synchronous).open(path).await
    }

    fn open_dynamic(&self, path: PathBuf) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
        Box::pin(async { Ok(Arc::new(self.open(path).await?) as Arc<dyn Log>) })
    }
}

impl Subject for File {
    fn log(&self) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
        Box::pin(async {
            let (path, log) = {
                let current = self.current.lock().unwrap();
                (self.path(current.copies), current.log.clone())
            };
            let log = match log {
                Some(log) => log,
                None => self.open(path).await?,
            };
            self.current.lock().unwrap().log = Some(log.clone());
            Ok(Arc::new(log) as Arc<dyn Log>)
        })
    }

    fn reopen(&self) -> Option<BoxFuture<'_, Result<Arc<dyn Log>, LogError>>> {
        Some(self.open_dynamic(self.path(self.current.lock().unwrap().copies)))
    }

    fn crash(&self) -> Option<BoxFuture<'_, Result<Arc<dyn Log>, LogError>>> {
        let copy = {
            let mut current = self.current.lock().unwrap();
            let (from, to) = (self.path(current.copies), self.path(current.copies + 1));
            copy(&from, &to);
            current.copies += 1;
            current.log = None;
            to
        };
        Some(self.open_dynamic(copy))
    }
}

/// Copies the files as a crash would leave them. A transaction prevents a restart of the write-ahead
/// log between the two copies, which would not happen in a crash.
fn copy(from: &Path, to: &Path) {
    let connection = Connection::open(from).unwrap();
    connection.busy_timeout(Duration::from_mins(1)).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    fs::copy(from, to).unwrap();
    let wal = |path: &Path| path.with_extension("db-wal");
    fs::copy(wal(from), wal(to)).unwrap();
    connection.execute_batch("ROLLBACK").unwrap();
}

mod full {
    use super::*;

    burdock_testkit::conformance!(File::new(Synchronous::Full));
}

mod normal {
    use super::*;

    burdock_testkit::conformance!(File::new(Synchronous::Normal));
}
