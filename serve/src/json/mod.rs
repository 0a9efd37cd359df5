//! JSON as clients send and receive it, many of which hold no integer beyond ±(2^53 − 1).
//!
//! What the server sends has such an integer as a string of its digits. What it receives may have it
//! that way or as a number, as long as 64 bits hold it: `serde_json` would round a larger one.

mod body;
mod integers;
mod scan;
mod write;

pub(crate) use self::body::Body;
pub(crate) use self::integers::Integers;
pub(crate) use self::write::{Json, MAX_SAFE, to_writer};
