//! The contract of `Log` where it depends on the database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

mod contract {
    mod batching;
    mod connecting;
    mod damage;
    mod graphs;
    mod migrating;
    mod runtimes;
    mod tails;
    mod writers;
}
