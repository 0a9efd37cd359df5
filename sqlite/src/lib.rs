//! The log of [burdock](burdock::log) in one SQLite file.
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
//!     // as if the program was started again
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
//! # What happens where
//! A log owns four threads, so that it works under every executor and blocks none. One writes: it
//! takes everything that waits, checks and stores it in one transaction with one `fsync`, and
//! answers. Two read, on connections of their own, which wait neither for the writer nor make it
//! wait. One erases what was deleted. [`Urgency::Now`](burdock::log::Urgency::Now) is written at once, and with it whatever was
//! handed over before.
//!
//! Under [`Synchronous::Normal`] a commit takes less time than to wake a thread for it, about 10 µs.
//! There, the call of [`append`](burdock::Log::append) itself commits, unless somebody else is
//! writing or there is more to do: then the thread does.
//!
//! # What is durable
//! By default an answer means that the disk has it; see [`Synchronous`] for the faster choice. A
//! transaction is there as a whole or not at all, whenever the process dies. What was stored
//! carries a checksum: an entry that is missing or not as it was written is
//! [`Damaged`](burdock::log::LogError::Damaged) when it is read.
//!
//! # What was deleted
//! is overwritten in the database and, a moment later, gone from the write-ahead log;
//! [`erased`](SqliteLog::erased) waits for that.
//!
//! # Several processes
//! may have the file open, on one machine: a network file system does not do. Who writes a session
//! is decided inside of the transactions, and a waiting reader learns of other processes' entries
//! within about 50 ms. A process that is stopped in the middle of a commit, by a debugger say, keeps
//! the file locked: others get [`Unavailable`](burdock::log::LogError::Unavailable), and may try
//! again. To move a file, close it everywhere; to copy one in use, ask SQLite
//! (`sqlite3 chat.db ".backup copy.db"`).
//!
//! # Looking into a file
//! Entries are text: `sqlite3 chat.db "SELECT * FROM log WHERE session = 'anna'"`.
//!
//! # Linking
//! SQLite is compiled in. Of the versions of `rusqlite` in its range, cargo takes one whose SQLite
//! agrees with that of other crates, such as `sqlx-sqlite`.

mod answer;
mod batch;
mod connection;
mod desk;
mod entries;
mod eraser;
mod erasure;
mod fault;
mod files;
mod log;
mod options;
mod place;
mod queue;
mod reader;
mod readers;
mod schema;
mod session;
mod shared;
mod sync;
mod waiting;
mod write;
mod writer;

pub use self::{
    log::SqliteLog,
    options::{SqliteOptions, Synchronous},
};
