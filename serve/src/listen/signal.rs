//! Signals that ask the process to stop.

use std::future::pending;
use tokio::{select, signal};

/// Completes when the process is asked to stop: by ctrl-c, or by SIGTERM, as containers and service
/// managers send it. Never completes where signals cannot be received.
///
/// The second signal ends the process at once, with status 1. Nothing that was committed is lost.
///
/// # Cancel safety
/// Dropping the future stops the waiting. Once it was polled, these signals no longer end the process by
/// themselves, also after it was dropped.
pub async fn shutdown_signal() {
    asked().await;
    tokio::spawn(async {
        asked().await;
        tracing::warn!("asked to stop for the second time: the process ends without waiting");
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
