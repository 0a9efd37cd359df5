//! The limits of connections, and bound addresses.

use super::{ListenError, accept::accept};
use crate::guard::only_local;
use axum::Router;
use std::{future::Future, net::SocketAddr, time::Duration};
use tokio::net::TcpListener;

/// Limits of the connections of a listener.
///
/// ```no_run
/// # async fn serve<G: burdock::Graph<Item: serde::Serialize>>(server: burdock_serve::Server<G>) {
/// use burdock_serve::ListenOptions;
/// use std::time::Duration;
///
/// let bound = ListenOptions::new()
///     .max_connections(2_000)
///     .idle_timeout(Duration::from_secs(30))
///     .bind(([127, 0, 0, 1], 3000).into())
///     .await
///     .unwrap();
/// bound.serve(server.router(), std::future::pending()).await.unwrap();
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ListenOptions {
    limits: ConnectionLimits,
}

/// Limits of connections.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectionLimits {
    pub(super) connections: usize,
    pub(super) header: Duration,
    pub(super) body: Duration,
    pub(super) idle: Duration,
    pub(super) write: Duration,
    pub(super) drain: Duration,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self {
            limits: ConnectionLimits {
                connections: 10_000,
                header: Duration::from_secs(15),
                body: Duration::from_secs(30),
                // load balancers reuse connections for up to 60 s
                idle: Duration::from_secs(75),
                write: Duration::from_mins(2),
                drain: Duration::from_secs(10),
            },
        }
    }
}

/// Timeouts are clamped to between 1 ms and 365 days.
impl ListenOptions {
    /// Creates options with the default limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the maximum number of open connections. Defaults to 10 000.
    ///
    /// At the limit, or if the process has no file descriptors left, a new connection replaces the one that has
    /// waited longest for its client. If none waits for its client, new connections wait in the queue of the
    /// operating system until another one ends.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.limits.connections = connections.max(1);
        self
    }

    /// Sets how long a client may take to send the head of a request: from the start of a new connection, and
    /// from the first byte of a later request. Defaults to 15 s.
    pub fn header_timeout(mut self, time: Duration) -> Self {
        self.limits.header = clamped(time);
        self
    }

    /// Sets how long a client may take to send the whole body of a request. Defaults to 30 s.
    pub fn body_timeout(mut self, time: Duration) -> Self {
        self.limits.body = clamped(time);
        self
    }

    /// Sets how long a connection stays open after its last response. Defaults to 75 s.
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.limits.idle = clamped(time);
        self
    }

    /// Sets how long a client may accept no data while some is sent to it. Defaults to 2 min.
    pub fn write_timeout(mut self, time: Duration) -> Self {
        self.limits.write = clamped(time);
        self
    }

    /// Sets how long connections may take to end after the server was stopped. Defaults to 10 s.
    pub fn drain_timeout(mut self, time: Duration) -> Self {
        self.limits.drain = clamped(time);
        self
    }

    /// Binds an address. Port 0 selects a free port.
    ///
    /// # Errors
    /// Returns [`ListenError`] if the address is in use, or does not belong to this machine.
    ///
    /// # Cancel safety
    /// If the future is dropped, no address is bound.
    pub async fn bind(self, address: SocketAddr) -> Result<BoundListener, ListenError> {
        let failed = |source| ListenError { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(BoundListener { address, listener, limits: self.limits })
    }
}

/// Clamps a timeout so that it is not zero, and can be added to an `Instant` without overflow.
fn clamped(time: Duration) -> Duration {
    time.clamp(Duration::from_millis(1), Duration::from_hours(24 * 365))
}

/// A bound address. Clients can connect, and wait until it is served.
///
/// ```
/// # use burdock::{log::MemoryLog, prelude::*};
/// # use burdock_serve::Server;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Counter { #[state(public)] count: u64 }
/// # #[action(state = Counter, reads(count), writes(count))]
/// # async fn count(counter: Reads<'_>, #[input] by: u64) -> Result<Writes> {
/// #     Ok(Writes { count: counter.count + by })
/// # }
/// # graph! { Counting(Counter) { inputs { by: u64 } nodes { count } start count; count -> pause; } }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
/// # let server = Server::builder(MemoryLog::new(), |_| Counting::app()).build();
/// let bound = burdock_serve::bind(([127, 0, 0, 1], 0).into()).await?;
/// let url = format!("http://{}/health", bound.address());
///
/// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
/// let stopped = server.shutdown_on(async { drop(stopped.await) });
/// let serving = tokio::spawn(bound.serve(server.router(), stopped));
/// assert_eq!(reqwest::get(url).await?.status(), 200);
///
/// drop(stop);
/// serving.await??;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct BoundListener {
    address: SocketAddr,
    listener: TcpListener,
    limits: ConnectionLimits,
}

impl BoundListener {
    /// Returns the address, with the selected port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves routes, as [`listen`](crate::listen) does.
    ///
    /// # Errors
    /// Returns no error at present. Errors of single connections only end these connections.
    ///
    /// # Cancel safety
    /// Dropping the future closes every connection at once.
    pub async fn serve(
        self,
        routes: Router,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ListenError> {
        let Self { address, listener, limits } = self;
        let local = address.ip().to_canonical().is_loopback();
        let routes = if local { only_local(routes) } else { routes };
        accept(listener, routes, limits, stop).await;
        Ok(())
    }
}
