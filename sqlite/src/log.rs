//! The handle of the log.

use crate::{
    batch::Batch,
    erasure::Erasure,
    error::{Error, storage_error},
    options::SqliteOptions,
    queue::{BATCH_DELAY, Batching, ReadQueue, Schedule, WriteQueue},
    reader::Reader,
    reply::{self, Reply},
    shared::{CloseState, Shared},
    sync::is_log_thread,
    waiters::{Ticket, Waiters},
    write::write_job,
    writer,
};
use burdock::log::{
    Append, Claim, Epoch, EpochStart, Log, LogError, LogFuture, LogInstance, Offset, Opened,
    Record, SessionFilter, SessionId, SessionInfo, Urgency,
};
use std::{
    fmt,
    path::{self, Path},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    thread::JoinHandle,
    time::Duration,
};

/// How long before its deadline a batch is written, so that it is durable in time.
const LEAD: Duration = Duration::from_millis(1);

/// A [`Log`] in one SQLite file.
///
/// This is a handle that is cheap to clone. Several processes can open the same file. Dropping the last
/// clone writes the queued appends, which blocks for the duration of a commit; [`close`](Self::close)
/// does not block.
///
/// ```
/// # use burdock::{log::{Log, SessionFilter}, prelude::*};
/// # use burdock_sqlite::SqliteLog;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Counter { count: u64 }
/// # #[action(state = Counter, reads(count), writes(count))]
/// # async fn count(counter: Reads<'_>) -> Result<Writes> { Ok(Writes { count: counter.count + 1 }) }
/// # graph! { Count(Counter) { nodes { count } start count; count -> pause; } }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("chat.db");
/// let log = SqliteLog::open(&path).await?;
/// let mut app = Count::app().id("anna").log(log.clone()).build().await?;
/// app.run(CountInputs {}).await?;
///
/// // as in another process
/// let reader = SqliteLog::open(&path).await?;
/// let sessions = reader.sessions(SessionFilter::default()).await?;
/// assert_eq!(sessions[0].id.as_str(), "anna");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct SqliteLog(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    /// `None` until the file is open.
    thread: Option<JoinHandle<()>>,
}

impl SqliteOptions {
    /// Opens a file. Creates it, but not its directory, if it is missing.
    ///
    /// # Errors
    /// Returns [`LogError::Storage`] if the file is not a log or cannot be written, and
    /// [`LogError::Unavailable`] if another program has it locked.
    ///
    /// # Cancel safety
    /// Dropping the future closes the file.
    pub async fn open(self, path: impl AsRef<Path>) -> Result<SqliteLog, LogError> {
        let opening = SqliteLog::start(self, path.as_ref());
        drop(path);
        opening?.await
    }
}

impl SqliteLog {
    /// Opens a file with the default options. Creates it, but not its directory, if it is missing.
    ///
    /// # Errors
    /// Returns [`LogError::Storage`] if the file is not a log or cannot be written, and
    /// [`LogError::Unavailable`] if another program has it locked.
    ///
    /// # Cancel safety
    /// Dropping the future closes the file.
    ///
    /// # Examples
    /// ```
    /// use burdock_sqlite::SqliteLog;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("chat.db");
    /// let log = SqliteLog::open(&path).await?;
    /// log.close().await;
    /// # Ok(()) }
    /// ```
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, LogError> {
        Self::options().open(path).await
    }

    /// Returns the default options for opening a file.
    pub fn options() -> SqliteOptions {
        SqliteOptions::default()
    }

    /// Returns the absolute path of the file.
    pub fn path(&self) -> &Path {
        &self.0.shared.path
    }

    /// Waits until all sessions deleted so far are erased from the files.
    ///
    /// [`delete`](Log::delete) overwrites a session in the database. This method also waits until the
    /// overwritten pages have reached the database file and no older version of them is left in the
    /// write-ahead log. Other readers of the file can delay that.
    ///
    /// ```
    /// # use burdock::{log::{Log, LogError, SessionId}, prelude::*};
    /// # use burdock_sqlite::SqliteLog;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Counter { count: u64 }
    /// # #[action(state = Counter, reads(count), writes(count))]
    /// # async fn count(counter: Reads<'_>) -> Result<Writes> { Ok(Writes { count: counter.count + 1 }) }
    /// # graph! { Count(Counter) { nodes { count } start count; count -> pause; } }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("chat.db");
    /// # let log = SqliteLog::open(&path).await?;
    /// # let mut app = Count::app().id("anna").log(log.clone()).build().await?;
    /// # app.run(CountInputs {}).await?;
    /// # app.close().await?;
    /// let session = SessionId::new("anna")?;
    /// log.delete(&session).await?;
    /// log.erased().await?; // the files no longer contain its data
    /// assert!(matches!(log.info(&session).await, Err(LogError::NoSession { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns an error if the files cannot be written, or if the log is closed before the erasure is
    /// done.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the erasure.
    pub async fn erased(&self) -> Result<(), LogError> {
        self.0.shared.erasure.finished().await
    }

    /// Closes the log: writes the queued appends, closes the file and stops the threads.
    ///
    /// Later operations, of every clone, return [`LogError::Closed`].
    ///
    /// ```
    /// # use burdock::log::{Log, LogError, SessionFilter};
    /// # use burdock_sqlite::SqliteLog;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("chat.db");
    /// let log = SqliteLog::open(&path).await?;
    /// let clone = log.clone();
    /// log.close().await;
    /// let closed = clone.sessions(SessionFilter::default()).await;
    /// assert!(matches!(closed, Err(LogError::Closed)));
    ///
    /// std::fs::rename(&path, path.with_extension("old"))?; // the file is no longer in use
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancel safety
    /// The log is closed even if the future is dropped.
    pub async fn close(&self) {
        let closed = self.0.shared.closed();
        self.0.shared.writes.close();
        // an error means that the log is closed already
        let _ = closed.await;
    }

    pub(crate) fn start(
        options: SqliteOptions,
        path: &Path,
    ) -> Result<impl Future<Output = Result<Self, LogError>> + Send + use<>, LogError> {
        // absolute, because names such as `:memory:` are special in SQLite
        let path = path::absolute(path).map_err(|error| {
            storage_error(format_args!("`{}` is not a file path", path.display()), error)
        })?;
        let shared = Arc::new(Shared {
            path,
            instance: LogInstance::unique(),
            writes: WriteQueue::new(),
            reads: ReadQueue::new(),
            waiters: Waiters::default(),
            erasure: Erasure::default(),
            writer: Mutex::new(None),
            close_state: Mutex::new(CloseState::Open(Vec::new())),
        });
        let mut handle = Handle { shared: Arc::clone(&shared), thread: None };
        let (thread, opened) = writer::start(shared, options)?;
        Ok(async move {
            opened.await?;
            handle.thread = Some(thread);
            Ok(Self(Arc::new(handle)))
        })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    fn write<T: Send + 'static>(
        &self,
        schedule: Schedule,
        work: impl FnMut(&mut Batch<'_>) -> Result<T, Error> + Send + 'static,
    ) -> LogFuture<T> {
        let (write, reply) = write_job(work);
        let shared = &self.0.shared;
        shared.writes.push(write, schedule);
        if schedule.max_delay.is_zero() && !shared.write_inline() {
            shared.writes.wake_if_due();
        }
        Box::pin(reply)
    }

    fn wait(&self, session: &SessionId, epoch: Option<Epoch>, offset: Offset) -> LogFuture<()> {
        let shared = Arc::clone(&self.0.shared);
        let (sender, reply) = reply::channel();
        let ticket = shared.waiters.add(session, offset, sender);
        shared.check_waiter(session.clone(), epoch, ticket);
        shared.writes.request_wakeup();
        Box::pin(Reached { shared, session: session.clone(), ticket, reply })
    }

    fn read_with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, Error> + Send + 'static,
    ) -> LogFuture<T> {
        let (sender, reply) = reply::channel();
        self.0.shared.reads.push(Box::new(move |reader| {
            if !sender.is_closed() {
                sender.send(work(reader).map_err(|error| error.into_log_error(reader.path())));
            }
        }));
        Box::pin(reply)
    }
}

/// Runs a job without delay, on the writer thread.
const NOW: Schedule =
    Schedule { batching: Batching::Shared, max_delay: Duration::ZERO, bytes: None };

impl Log for SqliteLog {
    fn open(&self, session: &SessionId, claim: Claim) -> LogFuture<Opened> {
        let session = session.clone();
        self.write(NOW, move |batch| batch.open(&session, claim))
    }

    fn append(&self, append: Append) -> LogFuture<()> {
        let max_delay = match append.urgency {
            Urgency::Now => Duration::ZERO,
            Urgency::Within(time) => time.saturating_sub(LEAD),
            Urgency::Whenever => BATCH_DELAY,
        };
        let bytes = append.entries.iter().map(|new_entry| new_entry.json.len()).sum();
        let schedule = Schedule { batching: Batching::Shared, max_delay, bytes: Some(bytes) };
        self.write(schedule, move |batch| batch.append(&append))
    }

    fn read(&self, session: &SessionId, from: Offset, limit: usize) -> LogFuture<Vec<Record>> {
        let session = session.clone();
        self.read_with(move |reader| reader.read(&session, from, limit))
    }

    fn reached(&self, session: &SessionId, offset: Offset) -> LogFuture<()> {
        self.wait(session, None, offset)
    }

    fn reached_in(&self, session: &SessionId, epoch: Epoch, offset: Offset) -> LogFuture<()> {
        self.wait(session, Some(epoch), offset)
    }

    fn snapshot_before(&self, session: &SessionId, offset: Offset) -> LogFuture<Option<Offset>> {
        let session = session.clone();
        self.read_with(move |reader| reader.snapshot_before(&session, offset))
    }

    fn info(&self, session: &SessionId) -> LogFuture<SessionInfo> {
        let session = session.clone();
        self.read_with(move |reader| reader.info(&session))
    }

    fn sessions(&self, filter: SessionFilter) -> LogFuture<Vec<SessionInfo>> {
        self.read_with(move |reader| reader.sessions(&filter))
    }

    fn epochs(&self, session: &SessionId) -> LogFuture<Vec<EpochStart>> {
        let session = session.clone();
        self.read_with(move |reader| reader.epochs(&session))
    }

    fn release(&self, session: &SessionId, epoch: Epoch) -> LogFuture<()> {
        let session = session.clone();
        self.write(NOW, move |batch| batch.release(&session, epoch))
    }

    fn trim(&self, session: &SessionId, before: Offset) -> LogFuture<()> {
        let session = session.clone();
        self.write(NOW, move |batch| batch.trim(&session, before))
    }

    fn delete(&self, session: &SessionId) -> LogFuture<()> {
        let session = session.clone();
        self.write(NOW, move |batch| batch.delete(&session))
    }

    fn instance(&self) -> Option<LogInstance> {
        Some(self.shared().instance)
    }
}

/// The future of a waiter. Dropping it removes the waiter.
struct Reached {
    shared: Arc<Shared>,
    session: SessionId,
    ticket: Ticket,
    reply: Reply<()>,
}

impl Future for Reached {
    type Output = Result<(), LogError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.reply).poll(cx)
    }
}

impl Drop for Reached {
    fn drop(&mut self) {
        self.shared.waiters.remove(&self.session, self.ticket);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.writes.close();
        if let Some(thread) = self.thread.take()
            && !is_log_thread()
        {
            // its panic was reported where it happened
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for SqliteLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqliteLog").field(&self.path().display()).finish()
    }
}
