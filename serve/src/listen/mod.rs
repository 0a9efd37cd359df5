//! A listener: accepts connections, serves HTTP/1.1 and HTTP/2 on them, and enforces their limits.

mod accept;
mod activity;
mod body;
mod connection;
mod options;
mod signal;
mod socket;

pub use self::options::{BoundListener, ListenOptions};
pub use self::signal::shutdown_signal;

use axum::Router;
use std::{future::Future, io, net::SocketAddr};

/// An error of listening on an address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[error("the server cannot listen on {address}")]
pub struct ListenError {
    /// The address.
    pub address: SocketAddr,
    /// The error of the operating system.
    pub source: io::Error,
}

/// Serves routes on an address, over HTTP/1.1 and HTTP/2 (without TLS, by prior knowledge), until `stop`
/// completes. Then it accepts no more connections, and waits at most ten seconds for those that are open. Pass a
/// future that ends with [`Server::shutdown`], which ends streams and runs, such as [`Server::shutdown_on`]:
///
/// ```no_run
/// # async fn serve<G: burdock::Graph<Item: serde::Serialize>>(server: burdock_serve::Server<G>) {
/// let address = ([127, 0, 0, 1], 3000).into();
/// let stop = server.shutdown_on(burdock_serve::shutdown_signal());
/// burdock_serve::listen(address, server.router(), stop).await.unwrap();
/// # }
/// ```
///
/// On a loopback address, only requests for `localhost` and for loopback addresses are served, so that no web page
/// can reach the server under its own host name (DNS rebinding). Connections have the default limits of
/// [`ListenOptions`].
///
/// # Errors
/// Returns [`ListenError`] if the address is in use, or does not belong to this machine.
///
/// # Cancel safety
/// Dropping the future closes every connection at once.
///
/// [`Server::shutdown`]: crate::Server::shutdown
/// [`Server::shutdown_on`]: crate::Server::shutdown_on
pub async fn listen(
    address: SocketAddr,
    routes: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ListenError> {
    bind(address).await?.serve(routes, stop).await
}

/// Binds an address with the default [`ListenOptions`], for programs that report the address before they serve.
/// Port 0 selects a free port.
///
/// # Errors
/// Returns [`ListenError`] if the address is in use, or does not belong to this machine.
///
/// # Cancel safety
/// If the future is dropped, no address is bound.
pub async fn bind(address: SocketAddr) -> Result<BoundListener, ListenError> {
    ListenOptions::new().bind(address).await
}
