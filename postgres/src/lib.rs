#![doc = include_str!("docs/crate.md")]

mod database;
mod error;
mod log;
mod notifications;
mod operations;
mod options;
mod pool;
mod read;
mod schema;
mod statements;
mod transaction;
mod waiters;
mod write_queues;

/// The crate of the connections that [`PostgresLog::transaction`] passes to its closure.
pub use sqlx;

use self::log::Shared;
pub use self::{error::ConnectError, log::PostgresLog, options::Options};
