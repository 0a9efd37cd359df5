//! Serving routes on an address.

use crate::{guard::only_local, stall::Patient};
use axum::Router;
use std::{
    future::{Future, IntoFuture, pending},
    io,
    net::SocketAddr,
    time::Duration,
};
use tokio::{net::TcpListener, select, signal, time::sleep};
use tokio_util::sync::CancellationToken;

/// How long the other end of a connection may take nothing of what is written.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long connections may take to end when the server stops.
const DRAIN: Duration = Duration::from_secs(10);

/// Why a server could not listen.
#[derive(Debug, thiserror::Error)]
#[error("the server cannot listen on {address}")]
pub struct ListenError {
    /// The address.
    pub address: SocketAddr,
    /// Why.
    pub source: io::Error,
}

/// Serves routes on an address until `stop` is ready; then it takes no more connections and waits
/// for those that are open, for ten seconds at most. Give it a future that ends with [`Server::shutdown`], which ends streams
/// and runs:
///
/// ```no_run
/// # async fn serve<G: burdock::Graph<Item: serde::Serialize>>(server: burdock_serve::Server<G>) {
/// let address = ([127, 0, 0, 1], 3000).into();
/// let stopping = server.clone();
/// let stop = async move {
///     burdock_serve::asked_to_stop().await;
///     stopping.shutdown().await;
/// };
/// burdock_serve::listen(address, server.router(), stop).await.unwrap();
/// # }
/// ```
///
/// On a loopback address it takes only requests for `localhost` and such addresses, so that no web
/// page reaches it under a name of its own (DNS rebinding). A connection whose other end takes nothing
/// for two minutes is closed.
///
/// # Errors
/// [`ListenError`] when the address is taken, or not this machine's.
///
/// [`Server::shutdown`]: crate::Server::shutdown
pub async fn listen(
    address: SocketAddr,
    routes: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ListenError> {
    bind(address).await?.serve(routes, stop).await
}

/// Takes an address, for one who wants to say that the server is there before it serves; port 0 takes
/// one that is free.
///
/// # Errors
/// [`ListenError`], as [`listen`].
pub async fn bind(address: SocketAddr) -> Result<Bound, ListenError> {
    let failed = |source| ListenError { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Bound { address, listener })
}

/// An address that was taken: who connects waits until it is served.
#[derive(Debug)]
pub struct Bound {
    address: SocketAddr,
    listener: TcpListener,
}

impl Bound {
    /// The address, with the port that it has.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves routes, as [`listen`] does.
    ///
    /// # Errors
    /// [`ListenError`].
    pub async fn serve(
        self,
        routes: Router,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ListenError> {
        let Self { address, listener } = self;
        let routes = if address.ip().is_loopback() { only_local(routes) } else { routes };
        let listener = Patient { listener, patience: PATIENCE };
        // the routes as they are would be made anew for each connection
        let served = axum::serve(listener, routes.into_make_service());
        let stopped = CancellationToken::new();
        let stop = {
            let stopped = stopped.clone();
            async move {
                stop.await;
                stopped.cancel();
            }
        };
        let late = async {
            stopped.cancelled().await;
            sleep(DRAIN).await;
        };
        select! {
            ended = served.with_graceful_shutdown(stop).into_future() => {
                ended.map_err(|source| ListenError { address, source })
            }
            // a connection with half a request, say
            () = late => Ok(()),
        }
    }
}

/// Is ready when the process is asked to stop: with ctrl-c, or with SIGTERM, as containers and service
/// managers do. Never where that cannot be told; such a process is stopped another way.
///
/// Who asks for the second time does not want to wait: the process ends at once, with status 1. That
/// takes back nothing that was committed.
pub async fn asked_to_stop() {
    asked().await;
    tokio::spawn(async {
        asked().await;
        tracing::warn!("asked to stop for the second time: what is under way is left");
        std::process::exit(1);
    });
}

async fn asked() {
    let interrupted = async {
        if signal::ctrl_c().await.is_err() {
            pending::<()>().await;
        }
    };
    select! {
        () = interrupted => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    match signal::unix::signal(signal::unix::SignalKind::terminate()) {
        Ok(mut terminated) => drop(terminated.recv().await),
        Err(_) => pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    pending().await
}
