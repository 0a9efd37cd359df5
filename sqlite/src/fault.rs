//! What SQLite says, as errors of a log that name the file.

use burdock::log::LogError;
use rusqlite::ErrorCode;
use std::{
    fmt::Display,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Why an operation inside of a transaction did not do its work.
pub(crate) enum Fault {
    /// It was refused; others in the same transaction may go on.
    Refused(LogError),
    /// The storage fails.
    Storage(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error)
    }
}

impl From<LogError> for Fault {
    fn from(error: LogError) -> Self {
        Self::Refused(error)
    }
}

impl Fault {
    pub(crate) fn of(self, path: &Path) -> LogError {
        match self {
            Self::Refused(error) => error,
            Self::Storage(error) => storage(path, error),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("`{}` is locked by another program", path.display())]
struct Locked {
    path: PathBuf,
    source: rusqlite::Error,
}

/// Whether another connection is in the way.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    let busy = [ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked];
    error.sqlite_error_code().is_some_and(|code| busy.contains(&code))
}

/// What SQLite says of a file.
pub(crate) fn storage(path: &Path, error: rusqlite::Error) -> LogError {
    let file = path.display();
    let reason = match error.sqlite_error_code() {
        // the last one when a process is stopped while it holds a lock on the write-ahead log
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed,
        ) => {
            return LogError::Unavailable(Arc::new(Locked { path: path.into(), source: error }));
        }
        Some(ErrorCode::DiskFull) => {
            let reason = format!("there is no room for `{file}` to grow");
            return LogError::Full { reason, source: Arc::new(error) };
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            format!("`{file}` or its folder is read-only")
        }
        Some(ErrorCode::NotADatabase) => format!("`{file}` is no SQLite database"),
        Some(ErrorCode::DatabaseCorrupt) => format!("`{file}` is damaged"),
        Some(ErrorCode::CannotOpen) => format!("`{file}` cannot be opened"),
        Some(ErrorCode::SystemIoFailure) => format!("`{file}` cannot be read or written"),
        _ => format!("SQLite fails on `{file}`"),
    };
    LogError::Storage { reason, source: Arc::new(error) }
}

/// A file that is not what was expected.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Detail(String);

pub(crate) fn refused(reason: impl Display, detail: impl Display) -> LogError {
    let (reason, detail) = (reason.to_string(), detail.to_string());
    LogError::Storage { reason, source: Arc::new(Detail(detail)) }
}

pub(crate) fn no_thread(path: &Path, error: io::Error) -> LogError {
    let reason = format!("the system gives no thread for `{}`", path.display());
    LogError::Storage { reason, source: Arc::new(error) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn full_disk_is_an_error_of_its_own() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA max_page_count = 2; CREATE TABLE t (x)").unwrap();
        let full = connection.execute("INSERT INTO t VALUES (zeroblob(100000))", []).unwrap_err();
        let error = storage(Path::new("a.db"), full);
        assert!(matches!(error, LogError::Full { .. }), "{error:?}");
        assert_eq!(error.to_string(), "the log is full: there is no room for `a.db` to grow");
    }
}
