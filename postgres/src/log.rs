//! The handle.

use crate::{
    ConnectError, Options, calls,
    database::Database,
    hub::{Hub, Key, Reach},
    news::{self, News},
    reading, schema,
    statements::Statements,
    writers::{self, Writers},
};
use burdock::log::{
    Append, Claim, Epoch, EpochStart, Log, LogError, Logging, Offset, Opened, Record,
    SessionFilter, SessionId, SessionInfo,
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

/// Sessions in PostgreSQL, for several processes and machines.
///
/// A handle: clones share connections and what is known of sessions. It works in the tokio runtime in
/// which it was connected, whatever polls its futures; when that runtime ends, what is under way fails
/// with [`LogError::Closed`].
///
/// Besides what [`Log`] says: dropping the future of an operation that writes does not take it back,
/// and [`open`](Log::open) first waits for the appends to the session that were handed to the same
/// log.
#[derive(Clone)]
pub struct PostgresLog(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) runtime: Handle,
    pub(crate) database: Arc<Database>,
    pub(crate) writers: Writers,
    pub(crate) hub: Arc<Hub>,
    news: Arc<News>,
    closed: AtomicBool,
    tasks: Mutex<Tasks>,
}

/// The tasks that end when `stop` is dropped.
#[derive(Default)]
struct Tasks {
    stop: Option<watch::Sender<()>>,
    running: Vec<JoinHandle<()>>,
}

impl Shared {
    /// Tells who waits, here and elsewhere.
    pub(crate) fn tell(&self, key: Key, reach: Reach) {
        self.hub.tell(key, reach);
        self.news.tell(key, reach);
    }
}

impl PostgresLog {
    /// Connects to the database with this URL, and makes the schema `burdock` in it or brings it up
    /// to date.
    ///
    /// # Errors
    /// See [`ConnectError`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves the schema as it was or up to date.
    pub async fn connect(url: impl Into<String>) -> Result<Self, ConnectError> {
        Self::connect_with(Options::new(url)).await
    }

    /// Connects as the options say.
    pub(crate) async fn connect_with(options: Options) -> Result<Self, ConnectError> {
        let runtime = Handle::try_current().map_err(|_| ConnectError::NoRuntime)?;
        // a runtime without sockets or a clock makes the task panic
        let connecting = Owned(runtime.spawn(Self::set_up(options, runtime.clone())));
        connecting.await.unwrap_or(Err(ConnectError::NoRuntime))
    }

    async fn set_up(options: Options, runtime: Handle) -> Result<Self, ConnectError> {
        let (driver, schema) = (options.driver()?, options.quoted_schema()?);
        let first = schema::prepare(&options, &driver, &schema).await?;
        let statements = Statements::new(&schema);
        let database = Arc::new(Database::new(&options, driver.clone(), first, statements));
        let (hub, news) = (Arc::new(Hub::default()), Arc::new(News::default()));
        let (stop, stopped) = watch::channel(());
        let sending = runtime.spawn(news::send(
            Arc::clone(&news),
            Arc::clone(&database),
            driver.clone(),
            options.schema.clone(),
            stopped.clone(),
        ));
        let hearing = runtime.spawn(news::hear(
            Arc::clone(&hub),
            Arc::clone(&database),
            driver,
            options.clone(),
            stopped,
        ));
        let tasks = Mutex::new(Tasks { stop: Some(stop), running: vec![sending, hearing] });
        let (writers, closed) = (Writers::default(), AtomicBool::new(false));
        let shared = Shared { options, runtime, database, writers, hub, news, closed, tasks };
        Ok(Self(Arc::new(shared)))
    }

    /// Stores what was handed over, and closes the connections. Every later operation, of every
    /// clone, fails with [`LogError::Closed`].
    ///
    /// Dropping all clones also stores what was handed over, if the runtime goes on.
    ///
    /// # Cancel safety
    /// The log is closed by the call. A future that is dropped leaves the rest to the runtime.
    pub async fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        let shared = Arc::clone(&self.0);
        let closing = self.0.runtime.spawn(async move {
            shared.writers.flush_all().await;
            let Tasks { stop, running } =
                std::mem::take(&mut *shared.tasks.lock().unwrap_or_else(PoisonError::into_inner));
            drop(stop);
            for task in running {
                // it ended, in whatever way
                let _ = task.await;
            }
            shared.database.close().await;
        });
        let _ = closing.await;
    }

    /// Begins something that goes on when its future is dropped.
    fn begin<T: Send + 'static, F>(&self, work: impl FnOnce(Arc<Shared>) -> F) -> Logging<T>
    where
        F: Future<Output = Result<T, LogError>> + Send + 'static,
    {
        if self.is_closed() {
            return Box::pin(ready(Err(LogError::Closed)));
        }
        let task = self.0.runtime.spawn(work(Arc::clone(&self.0)));
        Box::pin(async { task.await.unwrap_or(Err(LogError::Closed)) })
    }

    /// Asks for something, for as long as the future is there.
    fn ask<T: Send + 'static, F>(&self, work: impl FnOnce(Arc<Shared>) -> F) -> Logging<T>
    where
        F: Future<Output = Result<T, LogError>> + Send + 'static,
    {
        if self.is_closed() {
            return Box::pin(ready(Err(LogError::Closed)));
        }
        let runtime = self.0.runtime.clone();
        let work = work(Arc::clone(&self.0));
        Box::pin(async move { Owned(runtime.spawn(work)).await.unwrap_or(Err(LogError::Closed)) })
    }

    fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }
}

impl Log for PostgresLog {
    fn open(&self, session: &SessionId, claim: Claim) -> Logging<Opened> {
        let session = session.clone();
        self.begin(|shared| async move {
            // or they would be fenced off by their own process
            shared.writers.flush(&session).await;
            calls::open(&shared, session, claim).await
        })
    }

    fn append(&self, append: Append) -> Logging<()> {
        if self.is_closed() {
            return Box::pin(ready(Err(LogError::Closed)));
        }
        writers::append(&self.0, append)
    }

    fn read(&self, session: &SessionId, from: Offset, limit: usize) -> Logging<Vec<Record>> {
        let session = session.clone();
        self.ask(|shared| async move { reading::read(&shared, session, from, limit).await })
    }

    fn reached(&self, session: &SessionId, offset: Offset) -> Logging<()> {
        let session = session.clone();
        self.ask(|shared| async move { calls::reached(&shared, session, None, offset).await })
    }

    fn reached_in(&self, session: &SessionId, epoch: Epoch, offset: Offset) -> Logging<()> {
        let session = session.clone();
        self.ask(
            |shared| async move { calls::reached(&shared, session, Some(epoch), offset).await },
        )
    }

    fn snapshot_before(&self, session: &SessionId, offset: Offset) -> Logging<Option<Offset>> {
        let session = session.clone();
        self.ask(|shared| async move { calls::snapshot_before(&shared, session, offset).await })
    }

    fn info(&self, session: &SessionId) -> Logging<SessionInfo> {
        let session = session.clone();
        self.ask(|shared| async move { calls::info(&shared, session).await })
    }

    fn sessions(&self, filter: SessionFilter) -> Logging<Vec<SessionInfo>> {
        self.ask(|shared| async move { calls::sessions(&shared, filter).await })
    }

    fn epochs(&self, session: &SessionId) -> Logging<Vec<EpochStart>> {
        let session = session.clone();
        self.ask(|shared| async move { calls::epochs(&shared, session).await })
    }

    fn release(&self, session: &SessionId, epoch: Epoch) -> Logging<()> {
        let session = session.clone();
        self.begin(|shared| async move {
            // an append would make it active again
            shared.writers.flush(&session).await;
            calls::release(&shared, session, epoch).await
        })
    }

    fn trim(&self, session: &SessionId, before: Offset) -> Logging<()> {
        let session = session.clone();
        self.begin(|shared| async move { calls::trim(&shared, session, before).await })
    }

    fn delete(&self, session: &SessionId) -> Logging<()> {
        let session = session.clone();
        self.begin(|shared| async move { calls::delete(&shared, session).await })
    }
}

impl fmt::Debug for PostgresLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresLog").field(&self.0.options).finish()
    }
}

/// A task that ends with whoever waits for it.
struct Owned<T>(JoinHandle<T>);

impl<T> Future for Owned<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
