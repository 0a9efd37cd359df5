//! A [log](burdock::log) for burdock sessions in one SQLite file.
//!
//! ```
//! use burdock::prelude::*;
//! use burdock_sqlite::SqliteLog;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
//! struct Counter {
//!     count: u64,
//! }
//!
//! #[action(state = Counter, reads(count), writes(count))]
//! async fn increment(counter: Reads<'_>) -> Result<Writes> {
//!     Ok(Writes { count: counter.count + 1 })
//! }
//!
//! graph! {
//!     Count(Counter) {
//!         nodes { increment }
//!         start increment;
//!         increment -> pause increment;
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("counts.db");
//! for expected in 1..=3 {
//!     // as after a restart of the program
//!     let log = SqliteLog::open(&path).await?;
//!     let mut app = Count::app().id("anna").log(log.clone()).build().await?;
//!     app.run(CountInputs {}).await?;
//!     assert_eq!(app.state().count, expected);
//!     app.close().await?;
//!     log.close().await;
//! }
//! # Ok(()) }
//! ```
//!
//! # Threads
//! A log owns four threads, so it works with any executor and never blocks one. The writer thread
//! takes all queued writes, checks and stores them in one transaction with one `fsync`, and then
//! replies. Two reader threads have their own connections; readers and the writer do not block each
//! other. The fourth thread erases deleted sessions. An append with
//! [`Urgency::Now`](burdock::log::Urgency::Now) is written at once, together with all appends queued
//! before it.
//!
//! With [`Synchronous::Normal`], a commit takes about 10 µs, less than waking a thread. Calls of
//! [`append`](burdock::Log::append) then commit on the calling thread, unless another thread is
//! writing or the queue has more work; then the writer thread commits.
//!
//! # Durability
//! By default, an operation completes when its data is on disk; [`Synchronous::Normal`] is faster and
//! guarantees less. Transactions are atomic, even if the process crashes. Every entry has a checksum:
//! reading an entry that is missing or was changed returns
//! [`LogError::Damaged`](burdock::log::LogError::Damaged).
//!
//! # Transactions of the program
//! [`SqliteLog::transaction`] commits statements of the program, for tables in the same file, together
//! with the record of a call: they take effect exactly once in a step. Such a transaction runs on the
//! writer thread and is not combined with other writes.
//!
//! # Deletion
//! Deleted sessions are overwritten in the database and, shortly afterwards, removed from the
//! write-ahead log. [`erased`](SqliteLog::erased) waits until that is done.
//!
//! # Concurrent processes
//! Several processes on one machine can open the file. Network file systems are not supported. The
//! writer of a session is determined inside the transactions. A waiting reader sees entries of other
//! processes within about 50 ms. A process that is stopped during a commit, for example by a debugger,
//! keeps the file locked: operations of other processes return
//! [`LogError::Unavailable`](burdock::log::LogError::Unavailable) and can be retried.
//!
//! To move a file, close it in all processes first. To copy a file that is in use, run
//! `sqlite3 chat.db ".backup copy.db"`.
//!
//! # Inspecting a file
//! Entries are text: `sqlite3 chat.db "SELECT * FROM log WHERE session = 'anna'"`.
//!
//! # Linking
//! SQLite is compiled in. Cargo picks a version of `rusqlite` whose SQLite is compatible with that of
//! other crates in the build, such as `sqlx-sqlite`.

mod batch;
mod connection;
mod entries;
mod eraser;
mod erasure;
mod error;
mod files;
mod log;
mod options;
mod place;
mod queue;
mod reader;
mod readers;
mod reply;
mod schema;
mod session;
mod shared;
mod sync;
mod transaction;
mod waiters;
mod write;
mod write_connection;
mod writer;

/// The crate of the transactions that [`SqliteLog::transaction`] passes to its closure.
pub use rusqlite;

pub use self::{
    log::SqliteLog,
    options::{SqliteOptions, Synchronous},
};
