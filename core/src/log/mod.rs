//! The record of sessions, on which persistence, resume, reconnect, fork, time travel and crash
//! recovery are built.
//!
//! A [`Log`] stores sessions, a session is a sequence of entries, and an [`Entry`] is JSON that can
//! be read without the types of the program that wrote it. A session has one writer, its last opener:
//! opening a session fences the earlier writer. Readers do not claim a session.
//!
//! ```text
//! App ─ open ─▶ Opened { epoch, … } ─ append(epoch, offset, entries) ─▶ log ─ read, tail ─▶ readers
//! ```

mod child;
mod entries;
mod entry;
mod entry_ref;
mod error;
mod follow;
mod history;
mod id;
mod identity;
mod instance;
mod memory;
mod place;
mod tail;
mod view;
mod writer;

pub(crate) use self::child::child_prefix;
pub use self::child::{delete, delete_orphans, descendants, trim};
pub use self::entries::{Entries, entries};
pub use self::entry::{
    CallKind, CallRecord, CauseRecord, ChildEnd, ChildOf, ChildRecord, Entry, EntryError,
    EntryKind, FORMAT, FailureRecord, GraphMark, Parent, Snapshot, Time, UnfinishedRun,
};
pub(crate) use self::entry_ref::{BareEntryRef, EntryPayload, EntryRef};
pub use self::error::LogError;
pub use self::follow::{Follow, Followed, follow};
pub use self::history::{History, PastStep, fork};
pub use self::id::{Cursor, Epoch, Offset, SessionId};
pub(crate) use self::identity::Identity;
pub use self::instance::LogInstance;
pub use self::memory::MemoryLog;
pub(crate) use self::place::Place;
pub use self::tail::{Tail, tail};
pub use self::view::RawSessionView;
pub(crate) use self::view::{RawProgress, patch};
pub(crate) use self::writer::Writer;
pub use crate::state::Document;

use serde::Serialize;
use std::{ops::Range, pin::Pin, sync::Arc, time::Duration};

/// The future that the operations of a [`Log`] return. It borrows nothing, so it can outlive the log handle.
pub type LogFuture<T> = Pin<Box<dyn Future<Output = Result<T, LogError>> + Send>>;

/// A store of sessions, for example in memory, in a file or in a database.
///
/// Implementations are handles: cheap to share, usable from any thread. `burdock-testkit` has a conformance
/// suite for them.
///
/// A log can wrap another one; this one counts the entries that it stores:
///
/// ```
/// # use burdock::{log::*, prelude::*};
/// # use serde::{Deserialize, Serialize};
/// # use std::sync::{Arc, atomic::{AtomicUsize, Ordering}};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Bill { cups: u32 }
/// # #[action(state = Bill, reads(cups), writes(cups))]
/// # async fn brew(bill: Reads<'_>) -> Result<Writes> { Ok(Writes { cups: bill.cups + 1 }) }
/// # graph! { Cafe(Bill) { nodes { brew } start brew; brew -> pause; } }
/// struct Counted<L> {
///     log: L,
///     entries: Arc<AtomicUsize>,
/// }
///
/// impl<L: Log> Log for Counted<L> {
///     fn append(&self, append: Append) -> LogFuture<()> {
///         self.entries.fetch_add(append.entries.len(), Ordering::Relaxed);
///         self.log.append(append)
///     }
///     // every other method calls that of `self.log`, except `instance`: transactions would not be counted
/// #   fn open(&self, session: &SessionId, claim: Claim) -> LogFuture<Opened> { self.log.open(session, claim) }
/// #   fn read(&self, session: &SessionId, from: Offset, limit: usize) -> LogFuture<Vec<Record>> {
/// #       self.log.read(session, from, limit)
/// #   }
/// #   fn reached(&self, session: &SessionId, offset: Offset) -> LogFuture<()> {
/// #       self.log.reached(session, offset)
/// #   }
/// #   fn reached_in(&self, session: &SessionId, epoch: Epoch, offset: Offset) -> LogFuture<()> {
/// #       self.log.reached_in(session, epoch, offset)
/// #   }
/// #   fn snapshot_before(&self, session: &SessionId, offset: Offset) -> LogFuture<Option<Offset>> {
/// #       self.log.snapshot_before(session, offset)
/// #   }
/// #   fn info(&self, session: &SessionId) -> LogFuture<SessionInfo> { self.log.info(session) }
/// #   fn sessions(&self, filter: SessionFilter) -> LogFuture<Vec<SessionInfo>> { self.log.sessions(filter) }
/// #   fn epochs(&self, session: &SessionId) -> LogFuture<Vec<EpochStart>> { self.log.epochs(session) }
/// #   fn release(&self, session: &SessionId, epoch: Epoch) -> LogFuture<()> { self.log.release(session, epoch) }
/// #   fn trim(&self, session: &SessionId, before: Offset) -> LogFuture<()> { self.log.trim(session, before) }
/// #   fn delete(&self, session: &SessionId) -> LogFuture<()> { self.log.delete(session) }
/// }
///
/// # futures::executor::block_on(async {
/// # let entries = Arc::new(AtomicUsize::new(0));
/// let log = Counted { log: MemoryLog::new(), entries: Arc::clone(&entries) };
/// let mut app = Cafe::app().log(log).build().await?;
/// app.run(CafeInputs {}).await?;
/// assert_eq!(entries.load(Ordering::Relaxed), 5); // created, run and step started, committed, paused
/// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
///
/// # Cancel safety
/// Dropping the future of a read loses nothing. Dropping the future of an append does not revoke the
/// append: it may or may not be stored. Opening the session again shows which.
pub trait Log: Send + Sync + 'static {
    /// Opens a session for writing under a new epoch and fences the earlier writer.
    ///
    /// A session that does not exist is created without entries, unless the claim requires an existing one.
    /// Opening counts as activity of the new writer.
    ///
    /// # Errors
    /// Returns [`NoSession`](LogError::NoSession), [`SessionExists`](LogError::SessionExists) or
    /// [`Busy`](LogError::Busy) if the session does not meet the claim. In that case, nothing is changed.
    fn open(&self, session: &SessionId, claim: Claim) -> LogFuture<Opened>;

    /// Appends entries, all or none. The future is ready when they are durable.
    ///
    /// The call itself submits the entries, in order, before its future is polled. Several appends may be in
    /// progress; if one fails, so do those after it. An append that no task waits for
    /// ([`Urgency::Whenever`]) continues when its future is dropped.
    ///
    /// A snapshot entry also sets the graph to which the session belongs from then on; see
    /// [`SessionInfo::graph`].
    ///
    /// A repeated append, with the same entries at the same offset under the same epoch, is
    /// recognised and succeeds without a second copy. If the writer has been fenced, a repeated append returns
    /// [`Fenced`](LogError::Fenced), whether or not the first one was stored.
    ///
    /// # Errors
    /// Returns [`Fenced`](LogError::Fenced), [`Misplaced`](LogError::Misplaced), or an error of the storage.
    /// In that case, nothing is changed.
    fn append(&self, append: Append) -> LogFuture<()>;

    /// Reads the entries that start at an offset: at most `limit`, which is at least 1.
    ///
    /// Returns fewer entries if they are large, and none only at the end of the log.
    ///
    /// # Errors
    /// Returns [`NoSession`](LogError::NoSession), [`Trimmed`](LogError::Trimmed) or
    /// [`Damaged`](LogError::Damaged).
    fn read(&self, session: &SessionId, from: Offset, limit: usize) -> LogFuture<Vec<Record>>;

    /// Waits until the session has an entry at `offset`. May return early.
    ///
    /// # Errors
    /// Returns [`NoSession`](LogError::NoSession) if there is no such session, or if it is deleted while the
    /// future waits, even if another session with the same id has been created since.
    fn reached(&self, session: &SessionId, offset: Offset) -> LogFuture<()>;

    /// Waits until the session that has this epoch has an entry at `offset`. May return early.
    ///
    /// A reader that knows an epoch of its session therefore never waits for a later session with the same id.
    ///
    /// The default implementation is correct for a log whose [`reached`](Self::reached) determines the session
    /// when it is called, not when its future is polled.
    ///
    /// # Errors
    /// Returns [`NoSession`](LogError::NoSession) in the cases of [`reached`](Self::reached), and if the session
    /// with this id does not have the epoch.
    fn reached_in(&self, session: &SessionId, epoch: Epoch, offset: Offset) -> LogFuture<()> {
        // called before `epochs`, so that it waits in the session whose epochs are read, or in an earlier one
        let reached = self.reached(session, offset);
        let (epochs, session) = (self.epochs(session), session.clone());
        Box::pin(async move {
            if epochs.await?.iter().any(|known| known.epoch == epoch) {
                return reached.await;
            }
            Err(LogError::NoSession { session })
        })
    }

    /// Returns the offset of the last snapshot at or before an offset, among the entries that were not trimmed.
    ///
    /// The default implementation knows only the last snapshot of the session and its first entry.
    ///
    /// # Errors
    /// Returns [`NoSession`](LogError::NoSession) if there is no such session.
    fn snapshot_before(&self, session: &SessionId, offset: Offset) -> LogFuture<Option<Offset>> {
        let info = self.info(session);
        Box::pin(async move {
            let info = info.await?;
            let first = Some(info.first).filter(|first| *first == Offset::ZERO);
            Ok(info.snapshot.filter(|last| *last <= offset).or(first))
        })
    }

    /// Returns the description of a session.
    ///
    /// # Errors
    /// Returns [`NoSession`](LogError::NoSession) if there is no such session.
    fn info(&self, session: &SessionId) -> LogFuture<SessionInfo>;

    /// Returns the descriptions of sessions, ordered by the bytes of their ids.
    ///
    /// Children (see [`SessionId::is_child`]) are listed only if the prefix of the filter starts with `~`.
    fn sessions(&self, filter: SessionFilter) -> LogFuture<Vec<SessionInfo>>;

    /// Returns the start of each epoch of a session, in order, including epochs that wrote nothing.
    ///
    /// # Errors
    /// Returns [`NoSession`](LogError::NoSession) if there is no such session.
    fn epochs(&self, session: &SessionId) -> LogFuture<Vec<EpochStart>>;

    /// Releases a session on behalf of the writer of this epoch. The session is idle immediately.
    ///
    /// Does nothing if the epoch is not the current one.
    fn release(&self, session: &SessionId, epoch: Epoch) -> LogFuture<()>;

    /// Removes the entries before an offset. [`trim`](trim()) also deletes the children that they started.
    ///
    /// # Errors
    /// Returns [`NoSession`](LogError::NoSession) if there is no such session, and
    /// [`NeededForOpening`](LogError::NeededForOpening) if the offset is after the last snapshot.
    fn trim(&self, session: &SessionId, before: Offset) -> LogFuture<()>;

    /// Deletes a session with all of its entries. Its writer is fenced. [`delete`](delete()) also deletes its descendants.
    ///
    /// # Errors
    /// Returns [`NoSession`](LogError::NoSession) if there is no such session.
    fn delete(&self, session: &SessionId) -> LogFuture<()>;

    /// Returns the identity of a log that records calls in transactions of its own, with
    /// [`Context::transaction_of`](crate::Context::transaction_of). Defaults to `None`.
    ///
    /// A log that wraps another one returns that of the inner log only if entries may be appended without it.
    fn instance(&self) -> Option<LogInstance> {
        None
    }
}

/// An item type of an app with a log: any type that implements [`Serialize`].
#[diagnostic::on_unimplemented(
    message = "the items `{Self}` cannot be recorded",
    label = "the graph yields `{Self}`, which does not serialize",
    note = "derive `serde::Serialize` for the type after `yields`"
)]
pub trait LogItem: Serialize {}

impl<T: Serialize> LogItem for T {}

/// The durability mode of an app: what it waits for before it publishes.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// # use burdock::log::{Log, MemoryLog, RawSessionView, SessionId};
/// # use std::sync::Arc;
/// use burdock::log::Durability;
///
/// # let (log, session): (Arc<dyn Log>, _) = (Arc::new(MemoryLog::new()), SessionId::new("table-7")?);
/// let builder = Cafe::app().id("table-7").log(Arc::clone(&log)).durability(Durability::Item);
/// let mut app = builder.build().await?;
/// let mut run = app.run(CafeInputs { cups: 2 });
/// assert_eq!(run.next().await.unwrap()?, "cup 1");
///
/// // an item that the consumer has is in the log
/// let view = RawSessionView::latest(&log, &session).await?;
/// assert_eq!(view.snapshot.unfinished.unwrap().shown, 1);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A commit, and everything before it, is durable before it is published. Items may be published before
    /// they are durable: a crash can lose the items of the step that it interrupts.
    #[default]
    Commit,
    /// Each item, and for consumers of events each event, is also durable before it is published:
    /// nothing that was published is ever lost.
    Item,
    /// The app does not wait; each entry is durable within this time. A crash can lose the steps
    /// that were committed within it.
    Batch(Duration),
}

/// The maximum size of the JSON of an entry, in bytes.
pub const MAX_ENTRY_BYTES: usize = 64 << 20;

// not `#[non_exhaustive]`, like `SessionFilter` and the enums of this file: a log has to honour every field, so it
// must not compile after a field is added
/// The conditions under which a session is opened.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// # use burdock::log::{Log, LogError, MemoryLog, SessionId};
/// use burdock::log::{Claim, Existence};
///
/// # let (log, session) = (MemoryLog::new(), SessionId::new("table-7")?);
/// # let app = Cafe::app().id("table-7").log(log.clone()).build().await?;
/// // as `AppBuilder::new_only` does it
/// let claim = Claim { existence: Existence::New, ..Claim::default() };
/// let error = log.open(&session, claim).await.unwrap_err();
/// assert!(matches!(error, LogError::SessionExists { .. }));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// Whether the session has to exist.
    pub existence: Existence,
    /// Rejects a session whose writer was active within this time and did not release it.
    pub idle_for: Option<Duration>,
}

/// Whether a session has to exist. A session exists from its first entry on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existence {
    /// The session may or may not exist.
    #[default]
    Any,
    /// The session must exist.
    Existing,
    /// The session must not exist.
    New,
}

/// A session that was opened for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// The epoch of this writer.
    pub epoch: Epoch,
    /// The offset of the next entry. 0 for a new session.
    pub next: Offset,
    /// The offset of the last snapshot. `None` for a new session.
    pub snapshot: Option<Offset>,
}

/// A request to append entries to a session.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Append {
    /// The session.
    pub session: SessionId,
    /// The epoch of the writer.
    pub epoch: Epoch,
    /// The offset of the first entry.
    pub at: Offset,
    /// The entries. At least one.
    pub entries: Vec<NewEntry>,
    /// How soon the entries have to be durable.
    pub urgency: Urgency,
}

/// How soon an append has to be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Immediately.
    Now,
    /// Within this time, so that a log can batch appends.
    Within(Duration),
    /// Whenever the log chooses, but before any later append: no task waits for it.
    Whenever,
}

/// An entry to append to a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewEntry {
    /// The name of its kind.
    pub kind: &'static str,
    /// Whether it is a snapshot, from which the session can be opened.
    pub snapshot: bool,
    /// The name of the graph, in snapshots. A log keeps the name in the last snapshot of each session.
    pub graph: Option<Arc<str>>,
    /// When it was created, in milliseconds since 1970.
    pub wall: u64,
    /// Its JSON.
    pub json: Arc<str>,
}

/// An entry that is stored in a log.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// # use burdock::log::{Log, MemoryLog, SessionId};
/// use burdock::log::{EntryKind, Offset};
///
/// # let (log, session) = (MemoryLog::new(), SessionId::new("table-7")?);
/// # let mut app = Cafe::app().id("table-7").log(log.clone()).build().await?;
/// # app.run(CafeInputs { cups: 2 }).await?;
/// let mut items = Vec::new();
/// for record in log.read(&session, Offset::ZERO, 100).await? {
///     if let EntryKind::Item { node, item, .. } = record.entry(&session)?.kind {
///         items.push(format!("{node}: {item}")); // JSON: no types of the program are needed
///     }
/// }
/// assert_eq!(items, [r#"brew: "cup 1""#, r#"brew: "cup 2""#, r#"pay: "paid 4""#]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Its offset.
    pub offset: Offset,
    /// The epoch of the writer that appended it.
    pub epoch: Epoch,
    /// Its JSON.
    pub json: Arc<str>,
}

impl Record {
    /// Returns an entry that is stored at this offset.
    pub fn new(offset: Offset, epoch: Epoch, json: impl Into<Arc<str>>) -> Self {
        Self { offset, epoch, json: json.into() }
    }

    /// Returns the cursor of the entry.
    pub fn cursor(&self) -> Cursor {
        Cursor { epoch: self.epoch, offset: self.offset }
    }

    /// Parses the entry.
    ///
    /// # Errors
    /// Returns [`LogError::NewerFormat`] if a newer version wrote the entry, and [`LogError::Damaged`] if the JSON
    /// is not an entry.
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

/// The description of a session. A log has it without reading the session's entries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionInfo {
    /// The session.
    pub id: SessionId,
    /// The epoch of its writer.
    pub epoch: Epoch,
    /// The offset of the first entry that was not trimmed.
    pub first: Offset,
    /// The offset of the next entry.
    pub next: Offset,
    /// The offset of the last snapshot.
    pub snapshot: Option<Offset>,
    /// The name of the graph that the session belongs to: the one that wrote the last snapshot. `None`
    /// only if an earlier version of burdock stored the session without it.
    pub graph: Option<Arc<str>>,
    /// The time of the first entry, in milliseconds since 1970.
    pub created: u64,
    /// The time of the last entry.
    pub updated: u64,
}

/// A filter for listing sessions.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// # use burdock::log::{Log, MemoryLog};
/// use burdock::log::SessionFilter;
///
/// # let log = MemoryLog::new();
/// for table in ["table-7", "table-8", "terrace-1"] {
///     Cafe::app().id(table).log(log.clone()).build().await?;
/// }
/// let filter = SessionFilter { prefix: "table-".into(), ..SessionFilter::of::<Cafe>() };
/// let sessions = log.sessions(filter).await?;
/// let ids: Vec<_> = sessions.iter().map(|session| session.id.as_str()).collect();
/// assert_eq!(ids, ["table-7", "table-8"]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFilter {
    /// Only ids that start with this prefix. Children are listed only if it starts with `~`.
    pub prefix: String,
    /// Only sessions of graphs with these names. Sessions of every graph if empty.
    pub graphs: Vec<Arc<str>>,
    /// Only ids after this one. Set it to the last id of a page to list the next page.
    pub after: Option<SessionId>,
    /// The maximum number of sessions. Defaults to 100.
    pub limit: usize,
}

impl SessionFilter {
    /// Returns whether children are listed.
    pub fn has_children(&self) -> bool {
        self.prefix.starts_with(child::CHILD)
    }
}

impl Default for SessionFilter {
    fn default() -> Self {
        Self { prefix: String::new(), graphs: Vec::new(), after: None, limit: 100 }
    }
}

/// The start of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EpochStart {
    /// The epoch.
    pub epoch: Epoch,
    /// The offset of its first entry, or of the next entry if it wrote none.
    pub start: Offset,
}

impl Opened {
    /// Returns the result of opening a session under this epoch.
    pub fn new(epoch: Epoch, next: Offset, snapshot: Option<Offset>) -> Self {
        Self { epoch, next, snapshot }
    }
}

impl Append {
    /// Returns an append that has to be durable immediately.
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
    /// Returns the description of a session that has the entries of this range. It has no snapshot, no graph and
    /// no times.
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

    fn instance(&self) -> Option<LogInstance> {
        (**self).instance()
    }
}
