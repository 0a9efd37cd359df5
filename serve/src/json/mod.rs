//! JSON for clients, many of which cannot represent integers beyond ±(2^53 − 1).
//!
//! The server sends such an integer as a string of its digits. In requests, it may be a string or a number that
//! fits in 64 bits: `serde_json` would round a larger one.

mod body;
mod integers;
mod scan;
mod write;

pub(crate) use self::body::Body;
pub(crate) use self::integers::Integers;
pub(crate) use self::write::{Json, MAX_SAFE, to_writer};
