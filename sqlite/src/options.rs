//! How a log is opened.

use std::time::Duration;

/// How a [`SqliteLog`](crate::SqliteLog) is opened; made by [`SqliteLog::options`](crate::SqliteLog::options).
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
#[must_use = "options open nothing until `open` is called"]
pub struct SqliteOptions {
    pub(crate) synchronous: Synchronous,
    pub(crate) busy_timeout: Duration,
    pub(crate) max_bytes: Option<u64>,
}

/// What a commit waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// The disk has it: what was acknowledged survives a crash of the process, of the system, and
    /// a power cut. One `fsync` for each group of commits.
    #[default]
    Full,
    /// The system has it: what was acknowledged survives a crash of the process. After a crash of
    /// the system or a power cut, the last commits may be missing, never only a part of one, and
    /// the file is whole.
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
    /// What a commit waits for; [`Synchronous::Full`] unless said otherwise.
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// How long to wait while another program has the file locked, before
    /// [`LogError::Unavailable`](burdock::log::LogError::Unavailable); 5 s unless said otherwise.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        // SQLite counts milliseconds in 31 bits
        self.busy_timeout = timeout.min(Duration::from_secs(1 << 20));
        self
    }

    /// How large the file may become by what this handle writes; an append beyond it fails as on a
    /// full disk. Without it, the file may grow as long as there is room.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }
}
