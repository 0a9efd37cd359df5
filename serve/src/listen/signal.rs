//! Signals that ask the process to stop.

use std::future::pending;
use tokio::{select, signal};

/// Completes when the process receives ctrl-c, or SIGTERM, which containers and service managers send. Never
/// completes if signals cannot be received.
///
/// The second signal ends the process at once, with status 1. No committed step is lost.
///
/// ```no_run
/// # async fn serve<G: burdock::Graph<Item: serde::Serialize>>(server: burdock_serve::Server<G>) {
/// use burdock_serve::{listen, shutdown_signal};
///
/// let stop = server.shutdown_on(async {
///     shutdown_signal().await;
///     eprintln!("shutting down");
/// });
/// listen(([127, 0, 0, 1], 3000).into(), server.router(), stop).await.unwrap();
/// # }
/// ```
///
/// # Cancel safety
/// The future can be dropped. But once it has been polled, these signals no longer end the process by default,
/// even after it was dropped.
pub async fn shutdown_signal() {
    signal_received().await;
    tokio::spawn(async {
        signal_received().await;
        tracing::warn!("second stop signal: the process ends without a shutdown");
        std::process::exit(1);
    });
}

async fn signal_received() {
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
