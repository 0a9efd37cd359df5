//! Accepting connections, up to a limit.

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

/// How long a new connection waits before the open ones are looked through again.
const AGAIN: Duration = Duration::from_millis(100);

/// How often the trace output says that the limit is reached.
const REPORT: Duration = Duration::from_mins(1);

/// Accepts connections until `stop` is ready, and then waits for those that are open.
pub(super) async fn accept(
    listener: TcpListener,
    routes: Router,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) {
    let stopping = CancellationToken::new();
    let protocols = Arc::new(Protocols::new(routes, limits, stopping.clone()));
    let mut places = Places::new(limits.connections);
    let mut tasks = JoinSet::new();
    let accepting = async {
        loop {
            let (stream, permit) = places.next(&listener).await;
            let (protocols, activity) = (Arc::clone(&protocols), Activity::new());
            let place = places.enter(&activity);
            let socket = Socket::new(stream, limits.write, Arc::clone(&activity), permit);
            tasks.spawn(async move {
                protocols.serve(socket, activity, place.evicted.clone()).await;
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
        tracing::warn!(connections = tasks.len(), "connections are closed before their end");
    }
}

/// The connections that are open, and how many there may be.
struct Places {
    room: Arc<Semaphore>,
    open: Arc<Mutex<BTreeMap<u64, Open>>>,
    next: u64,
    reported: Option<Instant>,
}

struct Open {
    activity: Arc<Activity>,
    evicted: CancellationToken,
}

/// Belongs to a connection until this is dropped.
struct Place {
    id: u64,
    evicted: CancellationToken,
    open: Arc<Mutex<BTreeMap<u64, Open>>>,
}

impl Places {
    fn new(limit: usize) -> Self {
        let room = Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS)));
        Self { room, open: Arc::default(), next: 0, reported: None }
    }

    /// Waits for a connection, and for room for it.
    async fn next(&mut self, listener: &TcpListener) -> (TcpStream, OwnedSemaphorePermit) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return (stream, self.permit().await),
                Err(error) if is_of_the_connection(&error) => {}
                Err(error) => {
                    // most likely, the process has no file descriptors left
                    tracing::error!(error = &*error.to_string(), "no connection can be accepted");
                    self.evict();
                    sleep(AGAIN).await;
                }
            }
        }
    }

    async fn permit(&mut self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() {
                return permit;
            }
            if self.reported.is_none_or(|reported| reported.elapsed() >= REPORT) {
                self.reported = Some(Instant::now());
                tracing::warn!("the limit of connections is reached");
            }
            self.evict();
            // one that was asked to leave, or ends by itself; another one may wait for its client soon
            if let Ok(Ok(permit)) = timeout(AGAIN, Arc::clone(&self.room).acquire_owned()).await {
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

    fn enter(&mut self, activity: &Arc<Activity>) -> Place {
        let id = self.next;
        self.next += 1;
        let evicted = CancellationToken::new();
        let open = Open { activity: Arc::clone(activity), evicted: evicted.clone() };
        locked(&self.open).insert(id, open);
        Place { id, evicted, open: Arc::clone(&self.open) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        locked(&self.open).remove(&self.id);
    }
}

fn locked(open: &Mutex<BTreeMap<u64, Open>>) -> MutexGuard<'_, BTreeMap<u64, Open>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns whether an error concerns only a connection that was about to be accepted.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
