//! The one record of a session: what persistence, resume, reconnect, fork, time travel and crash
//! recovery read.
//!
//! A [`Log`] keeps sessions, a session is a sequence of entries, and an [`Entry`] is JSON that can
//! be read without the types of the program that wrote it. One opening of a session is its writer;
//! whoever opens it later takes over, and the earlier writer is fenced off. Reading claims nothing.
//!
//! ```text
//! App ─ open ─▶ Opened { epoch, … } ─ append(epoch, offset, entries) ─▶ log ─ read, tail ─▶ readers
//! ```

mod entries;
mod entry;
mod entry_ref;
mod error;
mod follow;
mod history;
mod id;
mod identity;
mod memory;
mod tail;
mod view;
mod writer;

pub use self::entries::{Entries, entries};
pub use self::entry::{
    CauseRecord, Entry, EntryError, EntryKind, FORMAT, FailureRecord, GraphMark, Parent, Snapshot,
    Time, UnfinishedRun,
};
pub(crate) use self::entry_ref::{BareEntryRef, EntryPayload, EntryRef};
pub use self::error::LogError;
pub use self::follow::{Follow, Followed, follow};
pub use self::history::{History, PastStep, fork};
pub use self::id::{Cursor, Epoch, Offset, SessionId};
pub(crate) use self::identity::Identity;
pub use self::memory::MemoryLog;
pub use self::tail::{Tail, tail};
pub use self::view::RawSessionView;
pub(crate) use self::view::{RawProgress, patch};
pub(crate) use self::writer::Writer;
pub use crate::state::Document;

use serde::Serialize;
use std::{ops::Range, pin::Pin, sync::Arc, time::Duration};

/// What the operations of a [`Log`] return: a future that owns what it needs.
pub type LogFuture<T> = Pin<Box<dyn Future<Output = Result<T, LogError>> + Send>>;

/// Keeps sessions: a memory, a file, a database.
///
/// Implementations are handles: cheap to share, usable from any thread. The suite in
/// `burdock-testkit` checks one.
///
/// # Cancel safety
/// Dropping the future of a read loses nothing. Dropping the future of an append does not take the
/// append back: it may be stored or not, which the next opening of the session tells.
pub trait Log: Send + Sync + 'static {
    /// Opens a session for writing under a new epoch and fences off whoever wrote it before.
    ///
    /// A session that does not exist is made, empty, unless the claim says otherwise. Opening counts
    /// as activity of the new writer.
    ///
    /// # Errors
    /// [`NoSession`](LogError::NoSession), [`SessionExists`](LogError::SessionExists) and
    /// [`Busy`](LogError::Busy), as the claim asks for; then nothing was changed.
    fn open(&self, session: &SessionId, claim: Claim) -> LogFuture<Opened>;

    /// Appends entries, all or none, and is ready when they are durable.
    ///
    /// The call itself hands them over, in order: several may be under way, an append that waits
    /// for nothing goes on when its future is dropped, and when one fails, those behind it do too.
    ///
    /// An entry that is a snapshot also says to which graph the session belongs from then on; see
    /// [`SessionInfo::graph`].
    ///
    /// An append that is repeated, with the same entries at the same offset under the same epoch, is
    /// recognised and succeeds without a second copy; once the writer is fenced off, it is
    /// [`Fenced`](LogError::Fenced) whether it was stored before or not.
    ///
    /// # Errors
    /// [`Fenced`](LogError::Fenced), [`Misplaced`](LogError::Misplaced), or what the storage says.
    /// An error changes nothing.
    fn append(&self, append: Append) -> LogFuture<()>;

    /// Reads entries from an offset on: at most `limit`, which is at least 1, fewer if they are large, and none only
    /// where the log ends.
    ///
    /// # Errors
    /// [`NoSession`](LogError::NoSession), [`Trimmed`](LogError::Trimmed),
    /// [`Damaged`](LogError::Damaged).
    fn read(&self, session: &SessionId, from: Offset, limit: usize) -> LogFuture<Vec<Record>>;

    /// Is ready when the session has an entry at `offset` or may have one.
    ///
    /// # Errors
    /// [`NoSession`](LogError::NoSession), also when the session is deleted meanwhile, even if
    /// another one of the same id was made since.
    fn reached(&self, session: &SessionId, offset: Offset) -> LogFuture<()>;

    /// Is ready when the session that has this epoch has an entry at `offset` or may have one.
    ///
    /// A reader that knows an epoch of its session does not wait in a later session of the same id.
    ///
    /// The provided one is right for a log whose [`reached`](Self::reached) determines the session when
    /// it is called, not when its future is polled.
    ///
    /// # Errors
    /// [`NoSession`](LogError::NoSession), also if the session of this id does not have the epoch.
    fn reached_in(&self, session: &SessionId, epoch: Epoch, offset: Offset) -> LogFuture<()> {
        // first, so that the session that is waited for is the one whose epochs are read, or an earlier one
        let reached = self.reached(session, offset);
        let (epochs, session) = (self.epochs(session), session.clone());
        Box::pin(async move {
            if epochs.await?.iter().any(|known| known.epoch == epoch) {
                return reached.await;
            }
            Err(LogError::NoSession { session })
        })
    }

    /// The last snapshot at or before an offset, among the entries that are left.
    ///
    /// The provided one knows the last snapshot of all and the first entry.
    ///
    /// # Errors
    /// [`NoSession`](LogError::NoSession).
    fn snapshot_before(&self, session: &SessionId, offset: Offset) -> LogFuture<Option<Offset>> {
        let info = self.info(session);
        Box::pin(async move {
            let info = info.await?;
            let first = Some(info.first).filter(|first| *first == Offset::ZERO);
            Ok(info.snapshot.filter(|last| *last <= offset).or(first))
        })
    }

    /// Describes a session.
    ///
    /// # Errors
    /// [`NoSession`](LogError::NoSession).
    fn info(&self, session: &SessionId) -> LogFuture<SessionInfo>;

    /// Describes sessions in the order of the bytes of their ids.
    fn sessions(&self, filter: SessionFilter) -> LogFuture<Vec<SessionInfo>>;

    /// Where each epoch of a session begins, in order; epochs that wrote nothing included.
    ///
    /// # Errors
    /// [`NoSession`](LogError::NoSession).
    fn epochs(&self, session: &SessionId) -> LogFuture<Vec<EpochStart>>;

    /// Says that the writer of this epoch is done, so that the session is idle at once.
    ///
    /// Does nothing when the epoch is not the current one.
    fn release(&self, session: &SessionId, epoch: Epoch) -> LogFuture<()>;

    /// Removes the entries before an offset, which must not lie behind the last snapshot.
    ///
    /// # Errors
    /// [`NoSession`](LogError::NoSession), [`NeededForOpening`](LogError::NeededForOpening).
    fn trim(&self, session: &SessionId, before: Offset) -> LogFuture<()>;

    /// Removes a session with all that it has; its writer is fenced off.
    ///
    /// # Errors
    /// [`NoSession`](LogError::NoSession).
    fn delete(&self, session: &SessionId) -> LogFuture<()>;
}

/// What an app with a log may yield: whatever serialises.
#[diagnostic::on_unimplemented(
    message = "the items `{Self}` cannot be recorded",
    label = "the graph yields `{Self}`, which does not serialise",
    note = "derive `serde::Serialize` for the type after `yields`"
)]
pub trait LogItem: Serialize {}

impl<T: Serialize> LogItem for T {}

/// What an app waits for before it shows something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A commit, and everything before it, is durable before it is published. Items may run ahead
    /// of the disk: a crash takes back those of the step that it interrupts.
    #[default]
    Commit,
    /// Each item, too, and for a consumer of events each event, is durable before it is published:
    /// what was shown is never taken back.
    Item,
    /// Nothing is waited for; everything is durable after this time. A crash takes back the steps
    /// that were committed within it.
    Batch(Duration),
}

/// How large the JSON of an entry may be, in bytes.
pub const MAX_ENTRY_BYTES: usize = 64 << 20;

// not `#[non_exhaustive]`, like the enums of this file and `SessionFilter`: a log has to honour every field, so
// that it should not compile when there is another one
/// How a session is to be opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// Whether it has to exist.
    pub existence: Existence,
    /// Refuse a session whose writer was active within this time and did not release it.
    pub idle_for: Option<Duration>,
}

/// Whether a session has to exist; it does from its first entry on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existence {
    /// It may.
    #[default]
    Any,
    /// It must.
    Existing,
    /// It must not.
    New,
}

/// A session that was opened for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// The epoch of this writer.
    pub epoch: Epoch,
    /// Where the next entry goes; 0 for a new session.
    pub next: Offset,
    /// The last entry that is a snapshot; `None` for a new session.
    pub snapshot: Option<Offset>,
}

/// Entries to be appended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Append {
    /// The session.
    pub session: SessionId,
    /// The epoch of the writer.
    pub epoch: Epoch,
    /// Where the first one goes.
    pub at: Offset,
    /// The entries; at least one.
    pub entries: Vec<NewEntry>,
    /// Whether somebody waits for them.
    pub urgency: Urgency,
}

/// How soon an append has to be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// At once.
    Now,
    /// Within this time, so that a log may gather what comes meanwhile.
    Within(Duration),
    /// When the log sees fit, but before any later append: nobody waits for it.
    Whenever,
}

/// An entry on its way to a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewEntry {
    /// The name of its kind.
    pub kind: &'static str,
    /// Whether a session can be opened from it on.
    pub snapshot: bool,
    /// The name of the graph, if it is a snapshot: a log keeps that of the last one for each session.
    pub graph: Option<Arc<str>>,
    /// When it was made, in milliseconds since 1970.
    pub wall: u64,
    /// Its JSON.
    pub json: Arc<str>,
}

/// An entry as a log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Its place.
    pub offset: Offset,
    /// Which opening of the session wrote it.
    pub epoch: Epoch,
    /// Its JSON.
    pub json: Arc<str>,
}

impl Record {
    /// Returns an entry that a log has at this offset.
    pub fn new(offset: Offset, epoch: Epoch, json: impl Into<Arc<str>>) -> Self {
        Self { offset, epoch, json: json.into() }
    }

    /// The place as a consumer remembers it.
    pub fn cursor(&self) -> Cursor {
        Cursor { epoch: self.epoch, offset: self.offset }
    }

    /// Reads the entry.
    ///
    /// # Errors
    /// [`LogError::NewerFormat`], [`LogError::Damaged`].
    pub fn entry(&self, session: &SessionId) -> Result<Entry, LogError> {
        Entry::from_json(&self.json).map_err(|error| match error {
            EntryError::NewerFormat { found } => LogError::NewerFormat { found, known: FORMAT },
            EntryError::Malformed { .. } => LogError::Damaged {
                session: session.clone(),
                offset: self.offset,
                reason: error.to_string(),
            },
        })
    }
}

/// What a log knows of a session without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionInfo {
    /// The session.
    pub id: SessionId,
    /// The epoch of its writer.
    pub epoch: Epoch,
    /// The first entry that was not trimmed.
    pub first: Offset,
    /// Where the next entry goes.
    pub next: Offset,
    /// The last snapshot.
    pub snapshot: Option<Offset>,
    /// The name of the graph that the session belongs to: the one that wrote the last snapshot. `None`
    /// only if what an earlier version stored does not tell.
    pub graph: Option<Arc<str>>,
    /// The time of the first entry, in milliseconds since 1970.
    pub created: u64,
    /// The time of the last entry.
    pub updated: u64,
}

/// Which sessions to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFilter {
    /// Only ids that begin so.
    pub prefix: String,
    /// Only sessions of graphs with these names; sessions of every graph if it is empty.
    pub graphs: Vec<Arc<str>>,
    /// Only ids behind this one; the last id of one page leads to the next.
    pub after: Option<SessionId>,
    /// At most so many.
    pub limit: usize,
}

impl Default for SessionFilter {
    fn default() -> Self {
        Self { prefix: String::new(), graphs: Vec::new(), after: None, limit: 100 }
    }
}

/// Where an epoch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EpochStart {
    /// The epoch.
    pub epoch: Epoch,
    /// Where its first entry went, or would have gone.
    pub start: Offset,
}

impl Opened {
    /// Returns a session that was opened under this epoch.
    pub fn new(epoch: Epoch, next: Offset, snapshot: Option<Offset>) -> Self {
        Self { epoch, next, snapshot }
    }
}

impl Append {
    /// Returns an append that has to be durable at once.
    pub fn new(session: SessionId, epoch: Epoch, at: Offset, entries: Vec<NewEntry>) -> Self {
        Self { session, epoch, at, entries, urgency: Urgency::Now }
    }

    /// Sets how soon the entries have to be durable. Defaults to [`Urgency::Now`].
    #[must_use]
    pub fn urgency(self, urgency: Urgency) -> Self {
        Self { urgency, ..self }
    }
}

impl SessionInfo {
    /// Returns a session that has the entries of this range, without a snapshot, a graph and times.
    ///
    /// A log then sets the fields [`snapshot`](Self::snapshot), [`graph`](Self::graph),
    /// [`created`](Self::created) and [`updated`](Self::updated).
    pub fn new(id: SessionId, epoch: Epoch, entries: Range<Offset>) -> Self {
        let Range { start: first, end: next } = entries;
        let (snapshot, graph, created, updated) = (None, None, 0, 0);
        Self { id, epoch, first, next, snapshot, graph, created, updated }
    }
}

impl EpochStart {
    /// Returns the start of an epoch.
    pub fn new(epoch: Epoch, start: Offset) -> Self {
        Self { epoch, start }
    }
}

impl<L: Log + ?Sized> Log for Arc<L> {
    fn open(&self, session: &SessionId, claim: Claim) -> LogFuture<Opened> {
        (**self).open(session, claim)
    }

    fn append(&self, append: Append) -> LogFuture<()> {
        (**self).append(append)
    }

    fn read(&self, session: &SessionId, from: Offset, limit: usize) -> LogFuture<Vec<Record>> {
        (**self).read(session, from, limit)
    }

    fn reached(&self, session: &SessionId, offset: Offset) -> LogFuture<()> {
        (**self).reached(session, offset)
    }

    fn reached_in(&self, session: &SessionId, epoch: Epoch, offset: Offset) -> LogFuture<()> {
        (**self).reached_in(session, epoch, offset)
    }

    fn snapshot_before(&self, session: &SessionId, offset: Offset) -> LogFuture<Option<Offset>> {
        (**self).snapshot_before(session, offset)
    }

    fn info(&self, session: &SessionId) -> LogFuture<SessionInfo> {
        (**self).info(session)
    }

    fn sessions(&self, filter: SessionFilter) -> LogFuture<Vec<SessionInfo>> {
        (**self).sessions(filter)
    }

    fn epochs(&self, session: &SessionId) -> LogFuture<Vec<EpochStart>> {
        (**self).epochs(session)
    }

    fn release(&self, session: &SessionId, epoch: Epoch) -> LogFuture<()> {
        (**self).release(session, epoch)
    }

    fn trim(&self, session: &SessionId, before: Offset) -> LogFuture<()> {
        (**self).trim(session, before)
    }

    fn delete(&self, session: &SessionId) -> LogFuture<()> {
        (**self).delete(session)
    }
}
