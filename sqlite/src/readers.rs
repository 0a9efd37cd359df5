//! The threads that read.

use crate::{fault, files::Files, reader::Reader, shared::Shared, sync::spawn};
use burdock::log::LogError;
use rusqlite::Connection;
use std::{sync::Arc, thread::JoinHandle};

/// Starts a thread that takes reads until there are no more.
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
    thread.map_err(|error| fault::no_thread(&path, error))
}
