//! Sessions that earlier releases wrote, as stored fixtures.
//!
//! Each folder of `fixtures/log` holds one format of entries: a file of JSON lines per session, and
//! all of them in a file that `SqliteLog` wrote.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod diary;
mod fixtures;
mod kinds;
mod newer;
mod odds;
mod opened;
mod written;
