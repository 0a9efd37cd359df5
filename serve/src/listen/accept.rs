//! The accept loop, with a limit of connections.

use super::{activity::Activity, connection::Protocols, options::ConnectionLimits, socket::Socket};
use axum::Router;
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// Interval at which a new connection retries to replace an open one.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Interval at which the trace output reports that the limit is reached.
const REPORT: Duration = Duration::from_mins(1);

/// Accepts connections until `stop` completes, and then waits for those that are open.
pub(super) async fn accept(
    listener: TcpListener,
    routes: Router,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) {
    let stopping = CancellationToken::new();
    let protocols = Arc::new(Protocols::new(routes, limits, stopping.clone()));
    let mut connections = Connections::new(limits.connections);
    let mut tasks = JoinSet::new();
    let accepting = async {
        loop {
            let (stream, permit) = connections.next(&listener).await;
            let (protocols, activity) = (Arc::clone(&protocols), Activity::new());
            let entry = connections.insert(&activity);
            let socket = Socket::new(stream, limits.write, Arc::clone(&activity), permit);
            tasks.spawn(async move {
                protocols.serve(socket, activity, entry.evicted.clone()).await;
            });
            while tasks.try_join_next().is_some() {}
        }
    };
    select! {
        () = accepting => {}
        () = stop => {}
    }
    drop(listener);
    stopping.cancel();
    let ended = async { while tasks.join_next().await.is_some() {} };
    if timeout(limits.drain, ended).await.is_err() {
        tracing::warn!(connections = tasks.len(), "connections did not end in time and are closed");
    }
}

/// The open connections and their limit.
struct Connections {
    permits: Arc<Semaphore>,
    open: Arc<Mutex<BTreeMap<u64, Connection>>>,
    next_id: u64,
    /// When the trace output last reported that the limit is reached.
    reported: Option<Instant>,
}

struct Connection {
    activity: Arc<Activity>,
    /// Cancelled to close the connection.
    evicted: CancellationToken,
}

/// The entry of an open connection, until it is dropped.
struct Entry {
    id: u64,
    evicted: CancellationToken,
    open: Arc<Mutex<BTreeMap<u64, Connection>>>,
}

impl Connections {
    fn new(limit: usize) -> Self {
        let permits = Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS)));
        Self { permits, open: Arc::default(), next_id: 0, reported: None }
    }

    /// Waits for a connection and for its permit.
    async fn next(&mut self, listener: &TcpListener) -> (TcpStream, OwnedSemaphorePermit) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return (stream, self.permit().await),
                Err(error) if is_connection_error(&error) => {}
                Err(error) => {
                    // most likely, the process has no file descriptors left
                    tracing::error!(error = &*error.to_string(), "no connection can be accepted");
                    self.evict();
                    sleep(RETRY_INTERVAL).await;
                }
            }
        }
    }

    async fn permit(&mut self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
                return permit;
            }
            if self.reported.is_none_or(|reported| reported.elapsed() >= REPORT) {
                self.reported = Some(Instant::now());
                tracing::warn!("the limit of connections is reached");
            }
            self.evict();
            // of the evicted connection, or of another one that ends; retried, because another one may wait for
            // its client by then
            if let Ok(Ok(permit)) =
                timeout(RETRY_INTERVAL, Arc::clone(&self.permits).acquire_owned()).await
            {
                return permit;
            }
        }
    }

    /// Closes the connection that has waited longest for its client.
    fn evict(&self) {
        let open = locked(&self.open);
        let waiting = open.values().filter(|open| !open.evicted.is_cancelled());
        let waiting = waiting.filter_map(|open| Some((open.activity.waits_since()?, open)));
        if let Some((_, longest)) = waiting.min_by_key(|(since, _)| *since) {
            longest.evicted.cancel();
        }
    }

    fn insert(&mut self, activity: &Arc<Activity>) -> Entry {
        let id = self.next_id;
        self.next_id += 1;
        let evicted = CancellationToken::new();
        let connection = Connection { activity: Arc::clone(activity), evicted: evicted.clone() };
        locked(&self.open).insert(id, connection);
        Entry { id, evicted, open: Arc::clone(&self.open) }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        locked(&self.open).remove(&self.id);
    }
}

fn locked(open: &Mutex<BTreeMap<u64, Connection>>) -> MutexGuard<'_, BTreeMap<u64, Connection>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns whether an error concerns only a connection that was about to be accepted.
fn is_connection_error(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
