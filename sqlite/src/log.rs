//! The handle.

use crate::{
    answer::{Answer, answer},
    batch::Batch,
    erasure::Erasure,
    fault::{Fault, refused},
    options::SqliteOptions,
    queue::{Demand, Gathering, Line, PATIENCE},
    reader::Reader,
    shared::{End, Shared},
    sync::is_own_thread,
    waiting::{Ticket, Waiting},
    write::pending,
    writer,
};
use burdock::log::{
    Append, Claim, Epoch, EpochStart, Log, LogError, Logging, Offset, Opened, Record,
    SessionFilter, SessionId, SessionInfo, Urgency,
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

/// How much earlier than its time a group of writes is begun, so that it is durable in time.
const LEAD: Duration = Duration::from_millis(1);

/// Keeps sessions in one SQLite file; a handle that is cheap to clone.
///
/// Several processes may have the file open. When the last clone is dropped, what was handed over
/// is still written, which may take as long as a commit; [`close`](Self::close) does not block.
#[derive(Clone)]
pub struct SqliteLog(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    /// `None` until the file is open.
    thread: Option<JoinHandle<()>>,
}

impl SqliteOptions {
    /// Opens a file; makes it, but not its folder, if it is missing.
    ///
    /// # Errors
    /// [`LogError::Storage`] for what is no log or cannot be written, [`LogError::Unavailable`]
    /// while another program has it locked.
    ///
    /// # Cancel safety
    /// Dropping the future closes the file again.
    pub async fn open(self, path: impl AsRef<Path>) -> Result<SqliteLog, LogError> {
        let opening = SqliteLog::start(self, path.as_ref());
        drop(path);
        opening?.await
    }
}

impl SqliteLog {
    /// Opens a file with the default options; makes it, but not its folder, if it is missing.
    ///
    /// # Errors
    /// [`LogError::Storage`] for what is no log or cannot be written, [`LogError::Unavailable`]
    /// while another program has it locked.
    ///
    /// # Cancel safety
    /// Dropping the future closes the file again.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, LogError> {
        Self::options().open(path).await
    }

    /// How to open a file: what a commit waits for, and more.
    pub fn options() -> SqliteOptions {
        SqliteOptions::default()
    }

    /// The file, as an absolute path.
    pub fn path(&self) -> &Path {
        &self.0.shared.path
    }

    /// Waits until the sessions that were deleted by now are erased from the files.
    ///
    /// [`delete`](Log::delete) overwrites a session in the database. This waits until the database has it in
    /// that form, and until no page of before is left in the write-ahead log: other readers of the file may
    /// delay that.
    ///
    /// # Errors
    /// Returns an error if the files cannot be written, or if the log is closed before.
    ///
    /// # Cancel safety
    /// Dropping the future stops nothing.
    pub async fn erased(&self) -> Result<(), LogError> {
        self.0.shared.erasure.finished().await
    }

    /// Writes what was handed over, closes the file and ends the threads; every clone is closed.
    ///
    /// # Cancel safety
    /// The log is closed even if the future is dropped.
    pub async fn close(&self) {
        let answer = self.0.shared.end();
        self.0.shared.writes.close();
        // when the threads are gone already, there is nothing left to do
        let _ = answer.await;
    }

    pub(crate) fn start(
        options: SqliteOptions,
        path: &Path,
    ) -> Result<impl Future<Output = Result<Self, LogError>> + Send + use<>, LogError> {
        // an absolute one, because SQLite gives a meaning to names such as `:memory:`
        let path = path::absolute(path)
            .map_err(|error| refused(format_args!("`{}` names no file", path.display()), error))?;
        let shared = Arc::new(Shared {
            path,
            writes: Gathering::new(),
            reads: Line::new(),
            waiting: Waiting::default(),
            erasure: Erasure::default(),
            desk: Mutex::new(None),
            end: Mutex::new(End::Ahead(Vec::new())),
        });
        let mut handle = Handle { shared: Arc::clone(&shared), thread: None };
        let (thread, opened) = writer::start(shared, options)?;
        Ok(async move {
            opened.await?;
            handle.thread = Some(thread);
            Ok(Self(Arc::new(handle)))
        })
    }

    fn write<T: Send + 'static>(
        &self,
        demand: Demand,
        work: impl FnMut(&mut Batch<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Logging<T> {
        let (write, answer) = pending(work);
        let shared = &self.0.shared;
        shared.writes.push(write, demand);
        if demand.patience.is_zero() && !shared.write_here() {
            shared.writes.alert();
        }
        Box::pin(answer)
    }

    fn wait(&self, session: &SessionId, epoch: Option<Epoch>, offset: Offset) -> Logging<()> {
        let shared = Arc::clone(&self.0.shared);
        let (asked, answer) = answer();
        let ticket = shared.waiting.add(session, offset, asked);
        shared.look_after(session.clone(), epoch, ticket);
        shared.writes.rouse();
        Box::pin(Reached { shared, session: session.clone(), ticket, answer })
    }

    fn read_on<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, Fault> + Send + 'static,
    ) -> Logging<T> {
        let (asked, answer) = answer();
        self.0.shared.reads.push(Box::new(move |reader| {
            if !asked.is_abandoned() {
                asked.settle(work(reader).map_err(|fault| fault.of(reader.path())));
            }
        }));
        Box::pin(answer)
    }
}

/// What is done at once, by the thread that writes.
const NOW: Demand = Demand { patience: Duration::ZERO, bytes: None };

impl Log for SqliteLog {
    fn open(&self, session: &SessionId, claim: Claim) -> Logging<Opened> {
        let session = session.clone();
        self.write(NOW, move |batch| batch.open(&session, claim))
    }

    fn append(&self, append: Append) -> Logging<()> {
        let patience = match append.urgency {
            Urgency::Now => Duration::ZERO,
            Urgency::Within(time) => time.saturating_sub(LEAD),
            Urgency::Whenever => PATIENCE,
        };
        let bytes = append.entries.iter().map(|draft| draft.json.len()).sum();
        self.write(Demand { patience, bytes: Some(bytes) }, move |batch| batch.append(&append))
    }

    fn read(&self, session: &SessionId, from: Offset, limit: usize) -> Logging<Vec<Record>> {
        let session = session.clone();
        self.read_on(move |reader| reader.read(&session, from, limit))
    }

    fn reached(&self, session: &SessionId, offset: Offset) -> Logging<()> {
        self.wait(session, None, offset)
    }

    fn reached_in(&self, session: &SessionId, epoch: Epoch, offset: Offset) -> Logging<()> {
        self.wait(session, Some(epoch), offset)
    }

    fn snapshot_before(&self, session: &SessionId, offset: Offset) -> Logging<Option<Offset>> {
        let session = session.clone();
        self.read_on(move |reader| reader.snapshot_before(&session, offset))
    }

    fn info(&self, session: &SessionId) -> Logging<SessionInfo> {
        let session = session.clone();
        self.read_on(move |reader| reader.info(&session))
    }

    fn sessions(&self, filter: SessionFilter) -> Logging<Vec<SessionInfo>> {
        self.read_on(move |reader| reader.sessions(&filter))
    }

    fn epochs(&self, session: &SessionId) -> Logging<Vec<EpochStart>> {
        let session = session.clone();
        self.read_on(move |reader| reader.epochs(&session))
    }

    fn release(&self, session: &SessionId, epoch: Epoch) -> Logging<()> {
        let session = session.clone();
        self.write(NOW, move |batch| batch.release(&session, epoch))
    }

    fn trim(&self, session: &SessionId, before: Offset) -> Logging<()> {
        let session = session.clone();
        self.write(NOW, move |batch| batch.trim(&session, before))
    }

    fn delete(&self, session: &SessionId) -> Logging<()> {
        let session = session.clone();
        self.write(NOW, move |batch| batch.delete(&session))
    }
}

/// Somebody who waits, and who may give up.
struct Reached {
    shared: Arc<Shared>,
    session: SessionId,
    ticket: Ticket,
    answer: Answer<()>,
}

impl Future for Reached {
    type Output = Result<(), LogError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(cx)
    }
}

impl Drop for Reached {
    fn drop(&mut self) {
        self.shared.waiting.remove(&self.session, self.ticket);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.writes.close();
        if let Some(thread) = self.thread.take()
            && !is_own_thread()
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
