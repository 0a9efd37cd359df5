//! The logs of this repository as subjects of the conformance suite, and the servers that tests
//! start for them. `cargo run -p burdock-subjects` prints all results side by side.
#![allow(
    missing_docs,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::new_without_default,
    reason = "for tests, which may panic"
)]

pub mod memory;
pub mod postgres;
pub mod server;
pub mod sqlite;
