//! The thread that writes.

use crate::{
    answer::{Answer, Asked, answer},
    batch::{Batch, Change},
    connection,
    fault::{self, Fault},
    log::Shared,
    options::SqliteOptions,
    queue::Taken,
    reader,
    sync::spawn,
    waiting::{News, Ticket},
};
use burdock::log::LogError;
use rusqlite::Connection;
use std::{
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// How often the file is asked whether another process changed it, while somebody waits.
const POLL: Duration = Duration::from_millis(50);

/// How many pages are written between two checkpoints.
const CHECKPOINT_PAGES: usize = 1000;

/// How many threads read.
const READERS: usize = 2;

/// A write that waits for its transaction, and then for the commit.
pub(crate) trait Write: Send {
    /// Does its work; an error is the storage's, and ends the transaction.
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), rusqlite::Error>;

    /// Answers: with what it found, or with why the transaction failed.
    fn settle(self: Box<Self>, committed: Result<(), LogError>);
}

struct Pending<T, F> {
    work: F,
    result: Option<Result<T, LogError>>,
    asked: Asked<T>,
}

/// A write, and where its answer arrives.
pub(crate) fn pending<T, F>(work: F) -> (Box<dyn Write>, Answer<T>)
where
    T: Send + 'static,
    F: FnMut(&mut Batch<'_>) -> Result<T, Fault> + Send + 'static,
{
    let (asked, answer) = answer();
    (Box::new(Pending { work, result: None, asked }), answer)
}

impl<T, F> Write for Pending<T, F>
where
    T: Send,
    F: FnMut(&mut Batch<'_>) -> Result<T, Fault> + Send,
{
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), rusqlite::Error> {
        self.result = Some(match (self.work)(batch) {
            Ok(value) => Ok(value),
            Err(Fault::Refused(error)) => Err(error),
            Err(Fault::Storage(error)) => return Err(error),
        });
        Ok(())
    }

    fn settle(self: Box<Self>, committed: Result<(), LogError>) {
        let result = self.result.unwrap_or(Err(LogError::Closed));
        self.asked.settle(committed.and(result));
    }
}

/// Starts the thread, which answers when it has opened the file.
pub(crate) fn start(
    shared: Arc<Shared>,
    options: SqliteOptions,
) -> Result<(JoinHandle<()>, Answer<()>), LogError> {
    let (asked, answer) = answer();
    let path = shared.path.clone();
    let thread = spawn("burdock-sqlite", move || match Writer::open(&shared, &options) {
        Ok(writer) => {
            asked.settle(Ok(()));
            writer.run();
        }
        Err(fault) => {
            // what a newer burdock calls a log is not touched any more
            let error = fault.of(&shared.path);
            shared.close();
            asked.settle(Err(error));
        }
    });
    Ok((thread.map_err(|error| fault::no_thread(&path, error))?, answer))
}

/// Its fields are dropped in their order.
struct Writer {
    shared: Arc<Shared>,
    _readers: Readers,
    connection: Connection,
    _closing: Closing,
    /// The state of the file in which every waiter was looked after.
    version: i64,
    polled: Instant,
    /// About how many pages were written since the last checkpoint.
    pages: usize,
}

impl Writer {
    fn open(shared: &Arc<Shared>, options: &SqliteOptions) -> Result<Self, Fault> {
        let connection = connection::writer(&shared.path, options)?;
        connection.set_prepared_statement_cache_capacity(32);
        let version = data_version(&connection)?;
        let mut readers = Readers { shared: Arc::clone(shared), threads: Vec::new() };
        for _ in 0..READERS {
            let connection = connection::reader(&shared.path, options)?;
            readers.threads.push(reader::start(Arc::clone(shared), connection)?);
        }
        Ok(Self {
            shared: Arc::clone(shared),
            _readers: readers,
            connection,
            _closing: Closing(Arc::clone(shared)),
            version,
            polled: Instant::now(),
            pages: 0,
        })
    }

    fn run(mut self) {
        loop {
            let poll = (!self.shared.waiting.is_empty()).then(|| self.polled + POLL);
            match self.shared.writes.take(poll) {
                Taken::Jobs(writes) => self.write(writes),
                Taken::Roused => {}
                Taken::Closed => return,
            }
            if poll.is_some_and(|poll| poll <= Instant::now()) {
                self.poll();
            }
        }
    }

    /// Commits what waits, answers, and only then does what nobody waits for.
    fn write(&mut self, mut writes: Vec<Box<dyn Write>>) {
        let result = self.commit(&mut writes).map_err(|error| {
            if !self.connection.is_autocommit() {
                // what went wrong is told already
                let _ = self.connection.execute_batch("ROLLBACK");
            }
            fault::storage(&self.shared.path, error)
        });
        let committed = result.as_ref().map(drop).map_err(Clone::clone);
        for write in writes {
            write.settle(committed.clone());
        }
        if let Ok((pages, changes)) = result {
            for change in &changes {
                self.tell(change);
            }
            self.pages += pages;
        }
        if self.pages >= CHECKPOINT_PAGES {
            self.pages = 0;
            // one that fails is made up for by the next
            let _ = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        }
    }

    fn commit(
        &self,
        writes: &mut [Box<dyn Write>],
    ) -> Result<(usize, Vec<Change>), rusqlite::Error> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut batch = Batch::new(&self.connection);
        for write in writes {
            write.run(&mut batch)?;
        }
        let finished = batch.finish();
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(finished)
    }

    fn tell(&self, change: &Change) {
        let waiting = &self.shared.waiting;
        match change {
            Change::Grown(session, number, next) => {
                waiting.tell(session, Ticket::LAST, News::At(*number, *next));
            }
            Change::Deleted(session) => waiting.tell(session, Ticket::LAST, News::Gone),
        }
    }

    /// Looks after those who wait if another process changed the file.
    fn poll(&mut self) {
        self.polled = Instant::now();
        match data_version(&self.connection) {
            Ok(version) if version == self.version => return,
            Ok(version) => self.version = version,
            // whoever reads will be told
            Err(_) => {}
        }
        self.shared.look_after_all();
    }
}

/// Changes when another connection commits, and not when this one does.
fn data_version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

/// The threads that read; they end before the writer closes the file.
struct Readers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Readers {
    /// Also when the writer panicked: nobody waits for ever.
    fn drop(&mut self) {
        self.shared.close();
        for thread in self.threads.drain(..) {
            // its panic was reported where it happened
            let _ = thread.join();
        }
    }
}

/// Tells that the file is closed.
struct Closing(Arc<Shared>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.closed();
    }
}
