//! A PostgreSQL server for tests, from Debian's package, in a temporary folder and on a free port.
#![allow(dead_code, reason = "not each test needs everything")]

pub(crate) mod drafts;
mod server;

pub(crate) use self::server::Server;
