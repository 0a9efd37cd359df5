//! A log in memory, for tests and for programs that need only reconnects and history.

use super::{
    Append, Claim, Epoch, EpochStart, Existence, Log, LogError, LogFuture, NewEntry, Offset,
    Opened, Record, SessionFilter, SessionId, SessionInfo,
};
use crate::{
    runtime::{Runtime, default_runtime},
    sync::{Arc, Mutex, lock},
};
use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    future::ready,
    mem,
    ops::Bound,
    pin::Pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// A log in memory. Its sessions live until its last clone is dropped.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// use burdock::log::{Log, MemoryLog, SessionId};
///
/// let log = MemoryLog::new();
/// let mut app = Cafe::app().id("table-7").log(log.clone()).build().await?;
/// app.run(CafeInputs { cups: 2 }).await?;
/// drop(app);
///
/// let info = log.info(&SessionId::new("table-7")?).await?;
/// assert_eq!(info.graph.as_deref(), Some("Cafe"));
/// let app = Cafe::app().id("table-7").log(log).existing().build().await?;
/// assert_eq!(app.state().cups, 2);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct MemoryLog {
    content: Arc<Mutex<Content>>,
    clock: Clock,
}

/// The clock that measures how long sessions are idle: that of a runtime, or the system's if there is none.
#[derive(Clone)]
struct Clock(Option<std::sync::Arc<dyn Runtime>>);

impl Clock {
    fn now(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match &self.0 {
            Some(runtime) => runtime.now(),
            None => START.elapsed(),
        }
    }
}

#[derive(Default)]
struct Content {
    /// The last epoch of any session.
    epoch: Epoch,
    sessions: BTreeMap<SessionId, Session>,
}

impl Content {
    fn get(&mut self, id: &SessionId) -> Option<&mut Session> {
        self.sessions.get_mut(id).filter(|session| session.exists())
    }

    fn open(&mut self, id: &SessionId, claim: Claim, now: Duration) -> Result<Opened, LogError> {
        if claim.existence == Existence::Existing && self.get(id).is_none() {
            return Err(LogError::NoSession { session: id.clone() });
        }
        let epoch = Epoch(self.epoch.0 + 1);
        let session = self.sessions.entry(id.clone()).or_default();
        let opened = session.open(id, claim, epoch, now)?;
        self.epoch = epoch;
        Ok(opened)
    }
}

#[derive(Default)]
struct Session {
    epoch: Epoch,
    /// The time of the first entry. It is kept after that entry was trimmed.
    created: u64,
    first: Offset,
    snapshot: Option<Offset>,
    graph: Option<Arc<str>>,
    entries: VecDeque<(Epoch, NewEntry)>,
    epochs: Vec<EpochStart>,
    /// When the writer opened the session or last appended. `None` once it has released the session.
    active: Option<Duration>,
    /// The tasks that wait for an entry, by number.
    waiters: BTreeMap<u64, Waker>,
    /// The number of the last waiter.
    last_waiter: u64,
}

impl Session {
    fn next(&self) -> Offset {
        self.first.plus(self.entries.len() as u64)
    }

    fn exists(&self) -> bool {
        self.next() > Offset::ZERO
    }

    /// Returns the index of an offset in `entries`, which may be past the end.
    fn index(&self, offset: Offset) -> usize {
        usize::try_from(offset.0.saturating_sub(self.first.0)).unwrap_or(usize::MAX)
    }

    /// Returns the first epoch, which identifies the session among all with its id.
    fn first_epoch(&self) -> Option<Epoch> {
        self.epochs.first().map(|first| first.epoch)
    }

    fn open(
        &mut self,
        id: &SessionId,
        claim: Claim,
        epoch: Epoch,
        now: Duration,
    ) -> Result<Opened, LogError> {
        if claim.existence == Existence::New && self.exists() {
            return Err(LogError::SessionExists { session: id.clone() });
        }
        if let (Some(idle_for), Some(active)) = (claim.idle_for, self.active) {
            let ago = now.saturating_sub(active);
            if ago < idle_for {
                return Err(LogError::Busy { session: id.clone(), ago });
            }
        }
        self.epoch = epoch;
        self.epochs.push(EpochStart { epoch: self.epoch, start: self.next() });
        self.active = Some(now);
        Ok(Opened { epoch: self.epoch, next: self.next(), snapshot: self.snapshot })
    }

    fn append(&mut self, append: Append, now: Duration) -> Result<(), LogError> {
        let Append { session, epoch, at, entries, .. } = append;
        if epoch != self.epoch {
            return Err(LogError::Fenced { session, epoch });
        }
        let next = self.next();
        if at < next && at >= self.first {
            let stored = self.entries.range(self.index(at)..).take(entries.len());
            let same = |((by, stored), entry): (&(Epoch, NewEntry), &NewEntry)| {
                *by == epoch && stored == entry
            };
            if stored.len() == entries.len() && stored.zip(&entries).all(same) {
                return Ok(());
            }
        }
        if at != next {
            return Err(LogError::Misplaced { session, at, next });
        }
        for (offset, entry) in (at.0..).zip(entries) {
            if offset == 0 {
                self.created = entry.wall;
            }
            if entry.snapshot {
                self.snapshot = Some(Offset(offset));
            }
            if entry.graph.is_some() {
                self.graph.clone_from(&entry.graph);
            }
            self.entries.push_back((epoch, entry));
        }
        self.active = Some(now);
        Ok(())
    }

    fn read(&self, id: &SessionId, from: Offset, limit: usize) -> Result<Vec<Record>, LogError> {
        if from < self.first {
            return Err(LogError::Trimmed { session: id.clone(), first: self.first });
        }
        let from = self.index(from).min(self.entries.len());
        let entries = self.entries.range(from..).take(limit);
        let offsets = self.first.plus(from as u64).0..;
        let record = |(offset, (epoch, entry)): (u64, &(Epoch, NewEntry))| Record {
            offset: Offset(offset),
            epoch: *epoch,
            json: entry.json.clone(),
        };
        Ok(offsets.zip(entries).map(record).collect())
    }

    fn info(&self, id: &SessionId) -> SessionInfo {
        SessionInfo {
            id: id.clone(),
            epoch: self.epoch,
            first: self.first,
            next: self.next(),
            snapshot: self.snapshot,
            graph: self.graph.clone(),
            created: self.created,
            updated: self.entries.back().map_or(self.created, |(_, entry)| entry.wall),
        }
    }

    fn trim(&mut self, id: &SessionId, before: Offset) -> Result<(), LogError> {
        let snapshot = self.snapshot.unwrap_or_default();
        if before > snapshot {
            let session = id.clone();
            return Err(LogError::NeededForOpening { session, before, snapshot });
        }
        if before > self.first {
            self.entries.drain(..self.index(before));
            self.first = before;
        }
        Ok(())
    }
}

impl MemoryLog {
    /// Creates an empty log that measures idle times by the clock of the default runtime.
    pub fn new() -> Self {
        Self::of(Clock(default_runtime()))
    }

    /// Creates an empty log that measures idle times by the clock of this runtime.
    ///
    /// A test that controls the time passes the same runtime to
    /// [`AppBuilder::runtime`](crate::run::AppBuilder::runtime).
    pub fn with_runtime(runtime: impl Runtime) -> Self {
        Self::of(Clock(Some(std::sync::Arc::new(runtime))))
    }

    pub(crate) fn shared(runtime: std::sync::Arc<dyn Runtime>) -> Self {
        Self::of(Clock(Some(runtime)))
    }

    fn of(clock: Clock) -> Self {
        Self { content: Arc::default(), clock }
    }

    /// Calls a function with a session, or returns `NoSession` if it does not exist.
    fn with<T: Send + 'static>(
        &self,
        id: &SessionId,
        work: impl FnOnce(&mut Session) -> Result<T, LogError>,
    ) -> LogFuture<T> {
        Box::pin(ready(match lock(&self.content).get(id) {
            Some(session) => work(session),
            None => Err(LogError::NoSession { session: id.clone() }),
        }))
    }

    /// Waits for an entry of the session with this id and first epoch.
    fn wait(&self, id: &SessionId, first_epoch: Option<Epoch>, offset: Offset) -> LogFuture<()> {
        let (content, id) = (Arc::clone(&self.content), id.clone());
        Box::pin(Reached { content, id, offset, first_epoch, waiter: None })
    }
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::new()
    }
}

impl Log for MemoryLog {
    fn open(&self, session: &SessionId, claim: Claim) -> LogFuture<Opened> {
        let now = self.clock.now();
        Box::pin(ready(lock(&self.content).open(session, claim, now)))
    }

    fn append(&self, append: Append) -> LogFuture<()> {
        let now = self.clock.now();
        let mut content = lock(&self.content);
        let Some(session) = content.sessions.get_mut(&append.session) else {
            // deleted since the writer opened it
            let Append { session, epoch, .. } = append;
            return Box::pin(ready(Err(LogError::Fenced { session, epoch })));
        };
        if let Err(error) = session.append(append, now) {
            return Box::pin(ready(Err(error)));
        }
        let waiters = mem::take(&mut session.waiters);
        drop(content);
        waiters.into_values().for_each(Waker::wake);
        Box::pin(ready(Ok(())))
    }

    fn read(&self, session: &SessionId, from: Offset, limit: usize) -> LogFuture<Vec<Record>> {
        self.with(session, |found| found.read(session, from, limit))
    }

    fn reached(&self, session: &SessionId, offset: Offset) -> LogFuture<()> {
        let first_epoch = lock(&self.content).get(session).and_then(|found| found.first_epoch());
        self.wait(session, first_epoch, offset)
    }

    fn reached_in(&self, session: &SessionId, epoch: Epoch, offset: Offset) -> LogFuture<()> {
        let has_epoch =
            |found: &&mut Session| found.epochs.iter().any(|known| known.epoch == epoch);
        let first_epoch = lock(&self.content)
            .get(session)
            .filter(has_epoch)
            .and_then(|found| found.first_epoch());
        self.wait(session, first_epoch, offset)
    }

    fn snapshot_before(&self, session: &SessionId, offset: Offset) -> LogFuture<Option<Offset>> {
        self.with(session, |found| {
            if offset < found.first {
                return Ok(None);
            }
            let end = found.index(offset).saturating_add(1).min(found.entries.len());
            let last = found.entries.range(..end).rposition(|(_, entry)| entry.snapshot);
            Ok(last.map(|index| found.first.plus(index as u64)))
        })
    }

    fn info(&self, session: &SessionId) -> LogFuture<SessionInfo> {
        self.with(session, |found| Ok(found.info(session)))
    }

    fn sessions(&self, filter: SessionFilter) -> LogFuture<Vec<SessionInfo>> {
        let has_children = filter.has_children();
        let SessionFilter { prefix, graphs, after, limit } = filter;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let content = lock(&self.content);
        let of_graph = |session: &Session| {
            graphs.is_empty() || session.graph.as_ref().is_some_and(|graph| graphs.contains(graph))
        };
        let found = content
            .sessions
            .range((from, Bound::Unbounded))
            .filter(|(id, session)| {
                session.exists()
                    && id.as_str().starts_with(&prefix)
                    && (has_children || !id.is_child())
                    && of_graph(session)
            })
            .map(|(id, session)| session.info(id));
        Box::pin(ready(Ok(found.take(limit).collect())))
    }

    fn epochs(&self, session: &SessionId) -> LogFuture<Vec<EpochStart>> {
        self.with(session, |found| Ok(found.epochs.clone()))
    }

    fn release(&self, session: &SessionId, epoch: Epoch) -> LogFuture<()> {
        if let Some(found) =
            lock(&self.content).sessions.get_mut(session).filter(|found| found.epoch == epoch)
        {
            found.active = None;
        }
        Box::pin(ready(Ok(())))
    }

    fn trim(&self, session: &SessionId, before: Offset) -> LogFuture<()> {
        self.with(session, |found| found.trim(session, before))
    }

    fn delete(&self, session: &SessionId) -> LogFuture<()> {
        let removed = {
            let mut content = lock(&self.content);
            // a session without entries does not exist yet, and keeps its writer
            content.get(session).map(mem::take).inspect(|_| {
                content.sessions.remove(session);
            })
        };
        Box::pin(ready(match removed {
            Some(removed) => {
                removed.waiters.into_values().for_each(Waker::wake);
                Ok(())
            }
            None => Err(LogError::NoSession { session: session.clone() }),
        }))
    }
}

/// A future that waits for an entry. Wakers run code of the executor: they are woken and dropped outside of the
/// lock.
struct Reached {
    content: Arc<Mutex<Content>>,
    id: SessionId,
    offset: Offset,
    /// The first epoch of the session, as of the call.
    first_epoch: Option<Epoch>,
    /// The number under which its waker is registered.
    waiter: Option<u64>,
}

impl Future for Reached {
    type Output = Result<(), LogError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), LogError>> {
        let this = &mut *self;
        let waker = cx.waker().clone();
        // declared before the guard, so that it is dropped after the lock is released
        let _replaced;
        let mut content = lock(&this.content);
        match content.get(&this.id).filter(|session| session.first_epoch() == this.first_epoch) {
            None => Poll::Ready(Err(LogError::NoSession { session: this.id.clone() })),
            Some(session) if session.next() > this.offset => Poll::Ready(Ok(())),
            Some(session) => {
                let waiter = *this.waiter.get_or_insert_with(|| {
                    session.last_waiter += 1;
                    session.last_waiter
                });
                _replaced = session.waiters.insert(waiter, waker);
                Poll::Pending
            }
        }
    }
}

impl Drop for Reached {
    fn drop(&mut self) {
        let Some(waiter) = self.waiter else { return };
        let _waker = lock(&self.content)
            .get(&self.id)
            .filter(|session| session.first_epoch() == self.first_epoch)
            .and_then(|session| session.waiters.remove(&waiter));
    }
}

impl fmt::Debug for MemoryLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryLog({} sessions)", lock(&self.content).sessions.len())
    }
}
