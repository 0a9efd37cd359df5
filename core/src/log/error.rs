//! Errors of logs.

use super::{Cursor, Epoch, Offset, SessionId};
use crate::state::PatchFailed;
use std::{error::Error, sync::Arc, time::Duration};

/// An error of a log.
///
/// After any error, nothing that was acknowledged before is lost, and nothing is partially written.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// use burdock::{RunErrorKind, log::{LogError, MemoryLog}};
///
/// let log = MemoryLog::new();
/// let mut first = Cafe::app().id("table-7").log(log.clone()).build().await?;
/// let second = Cafe::app().id("table-7").log(log).build().await?; // takes the session over
///
/// let error = first.run(CafeInputs { cups: 1 }).await.unwrap_err();
/// let RunErrorKind::Log { source, .. } = error.kind() else { unreachable!() };
/// assert!(matches!(source, LogError::Fenced { .. }));
/// assert_eq!(second.state().cups, 0);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The session id is invalid.
    #[error("invalid session id: {reason}")]
    InvalidId {
        /// Why it is invalid.
        reason: String,
    },
    /// The text is not a cursor.
    #[error("invalid cursor `{text}`: expected `epoch.offset`, for example `1.42`")]
    InvalidCursor {
        /// The text, truncated to 64 characters.
        text: String,
    },
    /// The session never had an entry at the cursor, or lost it in a crash.
    #[error("the session `{session}` has no entry at the cursor `{cursor}`")]
    UnknownCursor {
        /// The session.
        session: SessionId,
        /// The cursor.
        cursor: Cursor,
    },
    /// The session does not exist.
    #[error("there is no session `{session}`")]
    NoSession {
        /// The session.
        session: SessionId,
    },
    /// The session must not exist, but does.
    #[error("the session `{session}` already exists")]
    SessionExists {
        /// The session.
        session: SessionId,
    },
    /// The session must be idle, but has an active writer.
    #[error("the session `{session}` is in use: its writer was active {ago:?} ago")]
    Busy {
        /// The session.
        session: SessionId,
        /// The time since its writer was last active.
        ago: Duration,
    },
    /// Another writer has opened the session since.
    #[error(
        "the session `{session}` was opened by another writer; this writer (epoch {epoch}) is fenced"
    )]
    Fenced {
        /// The session.
        session: SessionId,
        /// The epoch of the fenced writer.
        epoch: Epoch,
    },
    /// The offset of an append is not that of the next entry.
    #[error("cannot append to the session `{session}` at offset {at}: its next offset is {next}")]
    Misplaced {
        /// The session.
        session: SessionId,
        /// The offset of the append.
        at: Offset,
        /// The offset of the next entry.
        next: Offset,
    },
    /// The session has no entry at the offset yet.
    #[error("the session `{session}` has no entry {offset} yet: its next offset is {next}")]
    NoEntry {
        /// The session.
        session: SessionId,
        /// The requested offset.
        offset: Offset,
        /// The offset of its next entry.
        next: Offset,
    },
    /// The requested entries were removed.
    #[error("the entries of the session `{session}` before offset {first} were removed")]
    Trimmed {
        /// The session.
        session: SessionId,
        /// The offset of the first entry that was not removed.
        first: Offset,
    },
    /// The offset of a trim is after the last snapshot, or the session has no snapshot.
    #[error(
        "cannot trim the session `{session}` to offset {before}: its latest snapshot is at offset {snapshot}"
    )]
    NeededForOpening {
        /// The session.
        session: SessionId,
        /// The offset of the trim.
        before: Offset,
        /// The offset from which opening the session reads.
        snapshot: Offset,
    },
    /// The stored entries are not those that were written.
    #[error("the session `{session}` is damaged at offset {offset}: {reason}")]
    Damaged {
        /// The session.
        session: SessionId,
        /// The first entry that is damaged or missing.
        offset: Offset,
        /// The kind of damage.
        reason: String,
    },
    /// A newer version of burdock wrote the entry.
    #[error(
        "an entry has format {found}, and this program knows formats up to {known}: update burdock to read it"
    )]
    NewerFormat {
        /// The format of the entry.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// A value cannot be serialized as JSON without loss.
    #[error("{what} cannot be recorded: {reason}")]
    NotSerializable {
        /// The field, input or item.
        what: String,
        /// The message of serde, or what would be lost.
        reason: String,
    },
    /// An entry exceeds [`MAX_ENTRY_BYTES`](super::MAX_ENTRY_BYTES).
    #[error("an entry of {bytes} bytes is too large: the limit is {limit}")]
    TooLarge {
        /// The size of the entry in bytes.
        bytes: usize,
        /// The maximum size in bytes.
        limit: usize,
    },
    /// The log cannot be reached for now.
    #[error("the log cannot be reached")]
    Unavailable(#[source] Arc<dyn Error + Send + Sync>),
    /// The storage is full.
    #[error("the log is full: {reason}")]
    Full {
        /// A short description of what is full.
        reason: String,
        /// The error of the storage.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The storage failed, for example because it is read-only or broken.
    #[error("the log cannot be stored: {reason}")]
    Storage {
        /// A short description of the problem.
        reason: String,
        /// The error of the storage.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The log was closed, or its thread has ended.
    #[error("the log is closed")]
    Closed,
}

impl LogError {
    /// Returns whether the same call may succeed later without any intervention.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<PatchFailed> for LogError {
    fn from(failed: PatchFailed) -> Self {
        let what = format!("field `{}`", failed.field);
        Self::NotSerializable { what, reason: failed.source.to_string() }
    }
}
