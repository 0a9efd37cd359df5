//! The thread that opens the file and runs the writes that callers do not run themselves.

use crate::{
    connection, eraser,
    error::{self, Error},
    options::SqliteOptions,
    queue::WakeReason,
    readers,
    reply::{self, Reply},
    shared::Shared,
    sync::{lock, spawn},
    write_connection::WriteConnection,
};
use burdock::log::LogError;
use std::{
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Interval of checks for changes by other processes, while there are waiters.
const POLL: Duration = Duration::from_millis(50);

/// Number of reader threads.
const READERS: usize = 2;

/// Starts the thread. The reply arrives when the file is open.
pub(crate) fn start(
    shared: Arc<Shared>,
    options: SqliteOptions,
) -> Result<(JoinHandle<()>, Reply<()>), LogError> {
    let (sender, reply) = reply::channel();
    let path = shared.path.clone();
    let thread = spawn("burdock-sqlite", move || {
        let mut writer = Writer { shared, threads: Vec::new(), last_poll: Instant::now() };
        match writer.open(&options) {
            Ok(()) => {
                sender.send(Ok(()));
                writer.run();
            }
            Err(error) => {
                let error = error.into_log_error(&writer.shared.path);
                drop(writer);
                sender.send(Err(error));
            }
        }
    });
    Ok((thread.map_err(|error| error::spawn_failed(&path, error))?, reply))
}

struct Writer {
    shared: Arc<Shared>,
    /// The other threads of the log.
    threads: Vec<JoinHandle<()>>,
    last_poll: Instant,
}

impl Writer {
    fn open(&mut self, options: &SqliteOptions) -> Result<(), Error> {
        let writer = WriteConnection::open(&self.shared.path, options)?;
        for _ in 0..READERS {
            let connection = connection::reader(&self.shared.path, options)?;
            let shared = Arc::clone(&self.shared);
            self.threads.push(readers::start(shared, connection, writer.files())?);
        }
        let connection = connection::checkpointer(&self.shared.path, options)?;
        self.threads.push(eraser::start(Arc::clone(&self.shared), connection)?);
        *lock(&self.shared.writer) = Some(writer);
        Ok(())
    }

    fn run(mut self) {
        loop {
            let poll = (!self.shared.waiters.is_empty()).then(|| self.last_poll + POLL);
            match self.shared.writes.wait(poll) {
                WakeReason::Due => self.shared.write(),
                WakeReason::Requested => self.shared.checkpoint(),
                // a caller may have put back the jobs that it had taken
                WakeReason::Closed => return self.shared.write(),
            }
            if poll.is_some_and(|poll| poll <= Instant::now()) {
                self.last_poll = Instant::now();
                self.shared.check_other_processes();
            }
        }
    }
}

impl Drop for Writer {
    /// Runs after a panic, too, so that no caller waits forever.
    fn drop(&mut self) {
        self.shared.close();
        for thread in self.threads.drain(..) {
            // its panic was reported where it happened
            let _ = thread.join();
        }
        let writer = lock(&self.shared.writer).take();
        // SQLite removes the write-ahead log with the last connection
        drop(writer);
        drop(self.shared.writes.take());
        self.shared.set_closed();
    }
}
