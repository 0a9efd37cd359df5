//! Serving routes on an address.

use crate::{guard::only_local, stall::Patient};
use axum::Router;
use std::{future::Future, io, net::SocketAddr, time::Duration};
use tokio::net::TcpListener;

/// How long the other end of a connection may take nothing of what is written.
const PATIENCE: Duration = Duration::from_mins(2);

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
/// for those that are open. Give it a future that ends with [`Server::shutdown`], which ends streams
/// and runs:
///
/// ```no_run
/// # async fn serve<G: burdock::Graph<Item: serde::Serialize>>(server: burdock_serve::Server<G>) {
/// let address = ([127, 0, 0, 1], 3000).into();
/// let stopping = server.clone();
/// let stop = async move { stopping.shutdown().await };
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
    let failed = |source| ListenError { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    serve(listener, routes, stop).await.map_err(failed)
}

/// The same on a listener that is bound already.
async fn serve(
    listener: TcpListener,
    routes: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let local = listener.local_addr()?.ip().is_loopback();
    let routes = if local { only_local(routes) } else { routes };
    let listener = Patient { listener, patience: PATIENCE };
    // the routes as they are would be made anew for each connection
    axum::serve(listener, routes.into_make_service()).with_graceful_shutdown(stop).await
}
