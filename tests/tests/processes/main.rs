//! Several processes at one session: which of them writes, and what consumers keep when one is
//! killed.
#![cfg(unix)]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unused_async,
    reason = "tests"
)]

mod child;
mod consumer;
mod frozen;
mod killed;
mod process;
mod turns;
mod witness;
