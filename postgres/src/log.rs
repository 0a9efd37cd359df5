//! The handle of the log.

use crate::{
    ConnectError, Options,
    database::Database,
    notifications::{self, Outbox},
    operations, read, schema,
    statements::Statements,
    waiters::{Progress, SessionKey, Waiters},
    write_queues::{self, WriteQueues},
};
use burdock::log::{
    Append, Claim, Epoch, EpochStart, Log, LogError, LogFuture, LogInstance, Offset, Opened,
    Record, SessionFilter, SessionId, SessionInfo,
};
use std::{
    fmt,
    future::ready,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{runtime::Handle, sync::watch, task::JoinHandle};

/// A [`Log`] in PostgreSQL, for several processes and machines.
///
/// This is a handle that is cheap to clone; clones share their connections. The log runs in the tokio
/// runtime in which it was connected, but its futures can be polled by any executor. When the runtime
/// shuts down, operations in progress return [`LogError::Closed`].
///
/// In addition to the contract of [`Log`]: dropping the future of a write does not cancel the write,
/// and [`open`](Log::open) first waits for the appends to the session that are queued in the same log.
///
/// ```no_run
/// use burdock::log::{Log, SessionId, follow};
/// use burdock_postgres::PostgresLog;
/// use std::sync::Arc;
///
/// # async fn read() -> Result<(), Box<dyn std::error::Error>> {
/// let log: Arc<dyn Log> = Arc::new(PostgresLog::connect("postgres://app@db.example/app").await?);
/// // the writer may be on another machine
/// let mut entries = follow(&log, &SessionId::new("anna")?, None).await?;
/// while let Some(entry) = entries.next().await {
///     println!("{:?}", entry?);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct PostgresLog(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) instance: LogInstance,
    pub(crate) options: Options,
    pub(crate) runtime: Handle,
    pub(crate) database: Arc<Database>,
    pub(crate) queues: WriteQueues,
    pub(crate) waiters: Arc<Waiters>,
    outbox: Arc<Outbox>,
    closed: AtomicBool,
    tasks: Mutex<Tasks>,
}

/// The background tasks, which end when `stop` is dropped.
#[derive(Default)]
struct Tasks {
    stop: Option<watch::Sender<()>>,
    running: Vec<JoinHandle<()>>,
}

impl Shared {
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Notifies waiters in this process and in other processes.
    pub(crate) fn notify(&self, key: SessionKey, progress: Progress) {
        self.waiters.notify(key, progress);
        self.outbox.push(key, progress);
    }
}

impl PostgresLog {
    /// Connects to a database with the default [`Options`], and creates or migrates the schema
    /// `burdock`.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or the schema cannot be used; see
    /// [`ConnectError`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the schema is either unchanged or fully migrated.
    pub async fn connect(url: impl Into<String>) -> Result<Self, ConnectError> {
        Self::connect_with(Options::new(url)).await
    }

    /// Connects with these options.
    pub(crate) async fn connect_with(options: Options) -> Result<Self, ConnectError> {
        let runtime = Handle::try_current().map_err(|_| ConnectError::NoRuntime)?;
        // the task panics in a runtime without an I/O or time driver
        let connecting = AbortOnDrop(runtime.spawn(Self::set_up(options, runtime.clone())));
        connecting.await.unwrap_or(Err(ConnectError::NoRuntime))
    }

    async fn set_up(options: Options, runtime: Handle) -> Result<Self, ConnectError> {
        let (driver, schema) = (options.driver()?, options.quoted_schema()?);
        let first = schema::prepare(&options, &driver, &schema).await?;
        let statements = Statements::new(&schema);
        let database = Arc::new(Database::new(&options, driver.clone(), first, statements));
        let (waiters, outbox) = (Arc::new(Waiters::default()), Arc::new(Outbox::default()));
        let (stop, stopped) = watch::channel(());
        let sending = runtime.spawn(notifications::send(
            Arc::clone(&outbox),
            Arc::clone(&database),
            driver.clone(),
            options.schema.clone(),
            stopped.clone(),
        ));
        let receiving = runtime.spawn(notifications::receive(
            Arc::clone(&waiters),
            Arc::clone(&database),
            driver,
            options.clone(),
            stopped,
        ));
        let tasks = Mutex::new(Tasks { stop: Some(stop), running: vec![sending, receiving] });
        let (queues, closed) = (WriteQueues::default(), AtomicBool::new(false));
        let instance = LogInstance::unique();
        let shared =
            Shared { instance, options, runtime, database, queues, waiters, outbox, closed, tasks };
        Ok(Self(Arc::new(shared)))
    }

    /// Closes the log: stores the queued appends and closes the connections.
    ///
    /// Later operations, of every clone, return [`LogError::Closed`]. Dropping all clones also stores
    /// the queued appends, if the runtime keeps running.
    ///
    /// # Cancel safety
    /// If the future is dropped, the runtime finishes closing the log.
    pub async fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        let shared = Arc::clone(&self.0);
        let closing = self.0.runtime.spawn(async move {
            shared.queues.flush_all().await;
            let Tasks { stop, running } =
                std::mem::take(&mut *shared.tasks.lock().unwrap_or_else(PoisonError::into_inner));
            drop(stop);
            for task in running {
                // a task that panicked has ended, too
                let _ = task.await;
            }
            shared.database.close().await;
        });
        let _ = closing.await;
    }

    /// Starts an operation that continues if its future is dropped.
    fn detached<T: Send + 'static, F>(&self, work: impl FnOnce(Arc<Shared>) -> F) -> LogFuture<T>
    where
        F: Future<Output = Result<T, LogError>> + Send + 'static,
    {
        if self.is_closed() {
            return Box::pin(ready(Err(LogError::Closed)));
        }
        let task = self.0.runtime.spawn(work(Arc::clone(&self.0)));
        Box::pin(async { task.await.unwrap_or(Err(LogError::Closed)) })
    }

    /// Returns an operation that starts when its future is polled and is cancelled when it is dropped.
    fn cancellable<T: Send + 'static, F>(&self, work: impl FnOnce(Arc<Shared>) -> F) -> LogFuture<T>
    where
        F: Future<Output = Result<T, LogError>> + Send + 'static,
    {
        if self.is_closed() {
            return Box::pin(ready(Err(LogError::Closed)));
        }
        let runtime = self.0.runtime.clone();
        let work = work(Arc::clone(&self.0));
        Box::pin(
            async move { AbortOnDrop(runtime.spawn(work)).await.unwrap_or(Err(LogError::Closed)) },
        )
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }
}

impl Log for PostgresLog {
    fn open(&self, session: &SessionId, claim: Claim) -> LogFuture<Opened> {
        let session = session.clone();
        self.detached(|shared| async move {
            // otherwise this log would fence its own queued appends
            shared.queues.flush(&session).await;
            operations::open(&shared, session, claim).await
        })
    }

    fn append(&self, append: Append) -> LogFuture<()> {
        if self.is_closed() {
            return Box::pin(ready(Err(LogError::Closed)));
        }
        write_queues::append(&self.0, append)
    }

    fn read(&self, session: &SessionId, from: Offset, limit: usize) -> LogFuture<Vec<Record>> {
        let session = session.clone();
        self.cancellable(|shared| async move { read::read(&shared, session, from, limit).await })
    }

    fn reached(&self, session: &SessionId, offset: Offset) -> LogFuture<()> {
        let session = session.clone();
        self.cancellable(|shared| async move {
            operations::reached(&shared, session, None, offset).await
        })
    }

    fn reached_in(&self, session: &SessionId, epoch: Epoch, offset: Offset) -> LogFuture<()> {
        let session = session.clone();
        self.cancellable(|shared| async move {
            operations::reached(&shared, session, Some(epoch), offset).await
        })
    }

    fn snapshot_before(&self, session: &SessionId, offset: Offset) -> LogFuture<Option<Offset>> {
        let session = session.clone();
        self.cancellable(|shared| async move {
            operations::snapshot_before(&shared, session, offset).await
        })
    }

    fn info(&self, session: &SessionId) -> LogFuture<SessionInfo> {
        let session = session.clone();
        self.cancellable(|shared| async move { operations::info(&shared, session).await })
    }

    fn sessions(&self, filter: SessionFilter) -> LogFuture<Vec<SessionInfo>> {
        self.cancellable(|shared| async move { operations::sessions(&shared, filter).await })
    }

    fn epochs(&self, session: &SessionId) -> LogFuture<Vec<EpochStart>> {
        let session = session.clone();
        self.cancellable(|shared| async move { operations::epochs(&shared, session).await })
    }

    fn release(&self, session: &SessionId, epoch: Epoch) -> LogFuture<()> {
        let session = session.clone();
        self.detached(|shared| async move {
            // a queued append would make the session active again
            shared.queues.flush(&session).await;
            operations::release(&shared, session, epoch).await
        })
    }

    fn trim(&self, session: &SessionId, before: Offset) -> LogFuture<()> {
        let session = session.clone();
        self.detached(|shared| async move { operations::trim(&shared, session, before).await })
    }

    fn delete(&self, session: &SessionId) -> LogFuture<()> {
        let session = session.clone();
        self.detached(|shared| async move { operations::delete(&shared, session).await })
    }

    fn instance(&self) -> Option<LogInstance> {
        Some(self.0.instance)
    }
}

impl fmt::Debug for PostgresLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresLog").field(&self.0.options).finish()
    }
}

/// A task that is aborted when this is dropped.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
