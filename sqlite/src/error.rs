//! Errors of SQLite as errors of the log that name the file.

use burdock::log::LogError;
use rusqlite::ErrorCode;
use std::{
    fmt::Display,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Why an operation in a transaction failed.
pub(crate) enum Error {
    /// The operation was rejected; other operations of the transaction are not affected.
    Rejected(LogError),
    /// SQLite failed.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<LogError> for Error {
    fn from(error: LogError) -> Self {
        Self::Rejected(error)
    }
}

impl Error {
    pub(crate) fn into_log_error(self, path: &Path) -> LogError {
        match self {
            Self::Rejected(error) => error,
            Self::Sqlite(error) => from_sqlite(path, error),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("`{}` is locked by another program", path.display())]
struct Locked {
    path: PathBuf,
    source: rusqlite::Error,
}

/// Returns whether another connection holds a conflicting lock.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    let busy = [ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked];
    error.sqlite_error_code().is_some_and(|code| busy.contains(&code))
}

/// Converts an error of SQLite.
pub(crate) fn from_sqlite(path: &Path, error: rusqlite::Error) -> LogError {
    let file = path.display();
    let reason = match error.sqlite_error_code() {
        // the last one if a process is stopped while it holds a lock on the write-ahead log
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed,
        ) => {
            return LogError::Unavailable(Arc::new(Locked { path: path.into(), source: error }));
        }
        Some(ErrorCode::DiskFull) => {
            let reason =
                format!("`{file}` cannot grow: the disk is full or `max_bytes` was reached");
            return LogError::Full { reason, source: Arc::new(error) };
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            format!("`{file}` or its directory is read-only")
        }
        Some(ErrorCode::NotADatabase) => format!("`{file}` is not an SQLite database"),
        Some(ErrorCode::DatabaseCorrupt) => format!("`{file}` is damaged"),
        Some(ErrorCode::CannotOpen) => format!("`{file}` cannot be opened"),
        Some(ErrorCode::SystemIoFailure) => format!("`{file}` cannot be read or written"),
        _ => format!("SQLite error in `{file}`"),
    };
    LogError::Storage { reason, source: Arc::new(error) }
}

/// The cause of an error that SQLite does not report.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Detail(String);

/// Returns an error that SQLite does not report.
pub(crate) fn storage_error(reason: impl Display, detail: impl Display) -> LogError {
    let (reason, detail) = (reason.to_string(), detail.to_string());
    LogError::Storage { reason, source: Arc::new(Detail(detail)) }
}

pub(crate) fn spawn_failed(path: &Path, error: io::Error) -> LogError {
    let reason = format!("failed to spawn a thread for `{}`", path.display());
    LogError::Storage { reason, source: Arc::new(error) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn full_disk_has_its_own_variant() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA max_page_count = 2; CREATE TABLE t (x)").unwrap();
        let full = connection.execute("INSERT INTO t VALUES (zeroblob(100000))", []).unwrap_err();
        let error = from_sqlite(Path::new("a.db"), full);
        assert!(matches!(error, LogError::Full { .. }), "{error:?}");
        assert!(error.to_string().contains("`a.db` cannot grow"), "{error}");
    }
}
