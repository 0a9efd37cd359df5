//! The thread that owns the file and writes what no caller writes itself.

use crate::{
    answer::{Answer, answer},
    connection,
    desk::Desk,
    eraser,
    fault::{self, Fault},
    options::SqliteOptions,
    queue::Woken,
    readers,
    shared::Shared,
    sync::{lock, spawn},
};
use burdock::log::LogError;
use std::{
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// How often the file is asked whether another process changed it, while somebody waits.
const POLL: Duration = Duration::from_millis(50);

/// How many threads read.
const READERS: usize = 2;

/// Starts the thread, which answers when it has opened the file.
pub(crate) fn start(
    shared: Arc<Shared>,
    options: SqliteOptions,
) -> Result<(JoinHandle<()>, Answer<()>), LogError> {
    let (asked, answer) = answer();
    let path = shared.path.clone();
    let thread = spawn("burdock-sqlite", move || {
        let mut writer = Writer { shared, others: Vec::new(), polled: Instant::now() };
        match writer.open(&options) {
            Ok(()) => {
                asked.settle(Ok(()));
                writer.run();
            }
            Err(fault) => {
                let error = fault.of(&writer.shared.path);
                drop(writer);
                asked.settle(Err(error));
            }
        }
    });
    Ok((thread.map_err(|error| fault::no_thread(&path, error))?, answer))
}

struct Writer {
    shared: Arc<Shared>,
    /// The other threads.
    others: Vec<JoinHandle<()>>,
    polled: Instant,
}

impl Writer {
    fn open(&mut self, options: &SqliteOptions) -> Result<(), Fault> {
        let desk = Desk::open(&self.shared.path, options)?;
        for _ in 0..READERS {
            let connection = connection::reader(&self.shared.path, options)?;
            let shared = Arc::clone(&self.shared);
            self.others.push(readers::start(shared, connection, desk.files())?);
        }
        let connection = connection::checkpointer(&self.shared.path, options)?;
        self.others.push(eraser::start(Arc::clone(&self.shared), connection)?);
        *lock(&self.shared.desk) = Some(desk);
        Ok(())
    }

    fn run(mut self) {
        loop {
            let poll = (!self.shared.waiting.is_empty()).then(|| self.polled + POLL);
            match self.shared.writes.wait(poll) {
                Woken::Due => self.shared.write(),
                Woken::Roused => self.shared.checkpoint(),
                // a caller may have given back what it had taken
                Woken::Closed => return self.shared.write(),
            }
            if poll.is_some_and(|poll| poll <= Instant::now()) {
                self.polled = Instant::now();
                self.shared.look_elsewhere();
            }
        }
    }
}

impl Drop for Writer {
    /// Also when it panicked: nobody waits for ever.
    fn drop(&mut self) {
        self.shared.close();
        for thread in self.others.drain(..) {
            // its panic was reported where it happened
            let _ = thread.join();
        }
        let desk = lock(&self.shared.desk).take();
        // the last connection tidies up the file
        drop(desk);
        drop(self.shared.writes.take());
        self.shared.closed();
    }
}
