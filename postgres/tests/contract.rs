//! What the trait promises, where the database makes the difference.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

mod contract {
    mod connecting;
    mod damage;
    mod gathering;
    mod graphs;
    mod migrating;
    mod runtimes;
    mod tails;
    mod writers;
}
