//! What can go wrong with a log.

use super::{Cursor, Epoch, Offset, SessionId};
use crate::state::PatchFailed;
use std::{error::Error, sync::Arc, time::Duration};

/// Why a log did not do what it was asked.
///
/// Nothing that was acknowledged before is lost, and nothing is half-written, whatever the error.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The id of a session cannot be one.
    #[error("the session id is not valid: {reason}")]
    InvalidId {
        /// Why not.
        reason: String,
    },
    /// A text is no cursor.
    #[error("`{text}` is no cursor: one is written `epoch.offset`, as in `1.42`")]
    InvalidCursor {
        /// The text, or its beginning.
        text: String,
    },
    /// The session never had an entry at a cursor, or a crash took it back.
    #[error("the session `{session}` has no entry at the cursor `{cursor}`")]
    UnknownCursor {
        /// The session.
        session: SessionId,
        /// The cursor.
        cursor: Cursor,
    },
    /// There is no such session.
    #[error("there is no session `{session}`")]
    NoSession {
        /// The session.
        session: SessionId,
    },
    /// A session that was to be new exists.
    #[error("the session `{session}` exists already")]
    SessionExists {
        /// The session.
        session: SessionId,
    },
    /// A session that was to be idle has a writer.
    #[error("the session `{session}` is in use: its writer was active {ago:?} ago")]
    Busy {
        /// The session.
        session: SessionId,
        /// How long ago its writer was active.
        ago: Duration,
    },
    /// Somebody opened the session later, and is its writer now.
    #[error(
        "the session `{session}` was opened elsewhere since: this writer of epoch {epoch} is fenced off"
    )]
    Fenced {
        /// The session.
        session: SessionId,
        /// The epoch of the writer that is fenced off.
        epoch: Epoch,
    },
    /// An append does not fit behind what the log holds.
    #[error(
        "an append to the session `{session}` at offset {at} does not fit: the log is at {next}"
    )]
    Misplaced {
        /// The session.
        session: SessionId,
        /// Where it was to go.
        at: Offset,
        /// Where the next entry goes.
        next: Offset,
    },
    /// The session has not come so far.
    #[error("the session `{session}` has no entry {offset} yet: it is at {next}")]
    NoEntry {
        /// The session.
        session: SessionId,
        /// The offset that was asked for.
        offset: Offset,
        /// Where its next entry goes.
        next: Offset,
    },
    /// The entries before an offset were removed.
    #[error("the session `{session}` has no entries before offset {first} any more")]
    Trimmed {
        /// The session.
        session: SessionId,
        /// The first one that is left.
        first: Offset,
    },
    /// Entries from a snapshot on were to be removed, or there is no snapshot.
    #[error(
        "the session `{session}` cannot be trimmed before offset {before}: it is read from offset {snapshot} on"
    )]
    NeededForOpening {
        /// The session.
        session: SessionId,
        /// The offset that was given.
        before: Offset,
        /// Where reading begins when the session is opened.
        snapshot: Offset,
    },
    /// What is stored is not what was written.
    #[error("the session `{session}` is damaged at offset {offset}: {reason}")]
    Damaged {
        /// The session.
        session: SessionId,
        /// The first entry that is damaged or missing.
        offset: Offset,
        /// What is wrong with it.
        reason: String,
    },
    /// A newer burdock wrote the entry.
    #[error(
        "an entry has format {found}, and this program knows formats up to {known}: update burdock to read it"
    )]
    NewerFormat {
        /// The entry's format.
        found: u32,
        /// The newest one that is known.
        known: u32,
    },
    /// A value cannot be written as JSON without loss.
    #[error("{what} cannot be recorded: {reason}")]
    NotSerialisable {
        /// The field, input or item.
        what: String,
        /// What serde says, or what would be lost.
        reason: String,
    },
    /// An entry is larger than any log takes.
    #[error("an entry of {bytes} bytes is too large: the limit is {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The largest possible one.
        limit: usize,
    },
    /// The log cannot be reached; it may be later.
    #[error("the log cannot be reached")]
    Unavailable(#[source] Arc<dyn Error + Send + Sync>),
    /// The storage has no room for more.
    #[error("the log is full: {reason}")]
    Full {
        /// What is full, in a few words.
        reason: String,
        /// The error of the storage.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The storage refuses: it is read-only, or broken.
    #[error("the log cannot be stored: {reason}")]
    Storage {
        /// What is the matter, in a few words.
        reason: String,
        /// What the storage says.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The log was closed, or its thread has ended.
    #[error("the log is closed")]
    Closed,
}

impl LogError {
    /// Tells whether the same call may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<PatchFailed> for LogError {
    fn from(failed: PatchFailed) -> Self {
        let what = format!("field `{}`", failed.field);
        Self::NotSerialisable { what, reason: failed.source.to_string() }
    }
}
