//! Options for opening a log.

use std::time::Duration;

/// Options for opening a [`SqliteLog`](crate::SqliteLog).
///
/// Created by [`SqliteLog::options`](crate::SqliteLog::options).
///
/// ```
/// use burdock_sqlite::{SqliteLog, Synchronous};
///
/// # async fn open() -> Result<(), burdock::log::LogError> {
/// let log = SqliteLog::options().synchronous(Synchronous::Normal).open("chat.db").await?;
/// # log.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "options do nothing until `open` is called"]
pub struct SqliteOptions {
    pub(crate) synchronous: Synchronous,
    pub(crate) busy_timeout: Duration,
    pub(crate) max_bytes: Option<u64>,
}

/// When a commit is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// After the data is on disk: acknowledged commits survive a crash of the process or of the
    /// operating system, and a power failure. One `fsync` per group of commits.
    #[default]
    Full,
    /// After the data is handed to the operating system: acknowledged commits survive a crash of the
    /// process. After a crash of the operating system or a power failure, the last commits may be
    /// missing. Commits are never stored in part, and the file stays intact.
    Normal,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            synchronous: Synchronous::Full,
            busy_timeout: Duration::from_secs(5),
            max_bytes: None,
        }
    }
}

impl SqliteOptions {
    /// Sets when a commit is acknowledged. Defaults to [`Synchronous::Full`].
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// Sets how long to wait while another program has the file locked. Defaults to 5 s.
    ///
    /// After that time, operations return
    /// [`LogError::Unavailable`](burdock::log::LogError::Unavailable).
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        // SQLite stores milliseconds in 31 bits
        self.busy_timeout = timeout.min(Duration::from_secs(1 << 20));
        self
    }

    /// Sets the maximum size of the file, for writes of this log. Defaults to no limit.
    ///
    /// Appends beyond the limit return [`LogError::Full`](burdock::log::LogError::Full), as on a full
    /// disk.
    ///
    /// ```
    /// # use burdock::{log::LogError, run::{BuildError, ReadError}, prelude::*};
    /// # use burdock_sqlite::SqliteLog;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Counter { notes: String, count: u64 }
    /// # #[action(state = Counter, reads(count), writes(count))]
    /// # async fn count(counter: Reads<'_>) -> Result<Writes> { Ok(Writes { count: counter.count + 1 }) }
    /// # graph! { Count(Counter) { nodes { count } start count; count -> pause; } }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("chat.db");
    /// let log = SqliteLog::options().max_bytes(1 << 20).open(&path).await?;
    /// let state = Counter { notes: "x".repeat(2 << 20), count: 0 };
    /// let error = Count::app().id("anna").state(state).log(log).build().await.unwrap_err();
    /// assert!(matches!(error, BuildError::Open(ReadError::Log(LogError::Full { .. }))));
    /// # Ok(()) }
    /// ```
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }
}
