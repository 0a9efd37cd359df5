//! `SqliteLog` as a subject.

use burdock::log::{Log, LogError};
use burdock_sqlite::SqliteLog;
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

/// A file. A crash is simulated by continuing with a copy of it.
pub struct File {
    folder: TempDir,
    current: Mutex<Current>,
}

/// The file that is in use.
struct Current {
    copies: u32,
    log: Option<SqliteLog>,
}

impl File {
    pub fn new() -> Self {
        let current = Current { copies: 0, log: None };
        Self { folder: tempfile::tempdir().unwrap(), current: Mutex::new(current) }
    }

    fn path(&self, copy: u32) -> PathBuf {
        self.folder.path().join(format!("{copy}.db"))
    }
}

fn open(path: PathBuf) -> BoxFuture<'static, Result<Arc<dyn Log>, LogError>> {
    Box::pin(async { Ok(Arc::new(SqliteLog::open(path).await?) as Arc<dyn Log>) })
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
                None => SqliteLog::open(path).await?,
            };
            self.current.lock().unwrap().log = Some(log.clone());
            Ok(Arc::new(log) as Arc<dyn Log>)
        })
    }

    fn reopen(&self) -> Option<BoxFuture<'_, Result<Arc<dyn Log>, LogError>>> {
        Some(open(self.path(self.current.lock().unwrap().copies)))
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
        Some(open(copy))
    }
}

/// Copies the files as a crash would leave them. An open transaction keeps the write-ahead log from being reset
/// between the two copies, which a crash could not cause.
fn copy(from: &Path, to: &Path) {
    let connection = Connection::open(from).unwrap();
    connection.busy_timeout(Duration::from_mins(1)).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    fs::copy(from, to).unwrap();
    let wal = |path: &Path| path.with_extension("db-wal");
    fs::copy(wal(from), wal(to)).unwrap();
    connection.execute_batch("ROLLBACK").unwrap();
}
