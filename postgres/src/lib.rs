#![doc = include_str!("docs/crate.md")]

mod calls;
mod database;
mod error;
mod hub;
mod log;
mod news;
mod options;
mod pool;
mod reading;
mod schema;
mod statements;
mod writers;

use self::log::Shared;
pub use self::{error::ConnectError, log::PostgresLog, options::Options};
