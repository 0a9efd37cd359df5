//! Several processes with one session: only the last opener writes, and consumers end with the contents of the
//! log when a process is killed.
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
mod takeovers;
mod witness;
