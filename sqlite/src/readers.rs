//! The reader threads.

use crate::{error, files::Files, reader::Reader, shared::Shared, sync::spawn};
use burdock::log::LogError;
use rusqlite::Connection;
use std::{sync::Arc, thread::JoinHandle};

/// Starts a thread that runs queued reads until the queue is closed.
pub(crate) fn start(
    shared: Arc<Shared>,
    connection: Connection,
    files: Arc<Files>,
) -> Result<JoinHandle<()>, LogError> {
    let path = shared.path.clone();
    let thread = spawn("burdock-sqlite-read", move || {
        let reader = Reader::new(shared.path.clone(), connection, files);
        while let Some(read) = shared.reads.pop() {
            read(&reader);
        }
    });
    thread.map_err(|error| error::spawn_failed(&path, error))
}
