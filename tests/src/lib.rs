//! What the tests share: an action that follows a script, and graphs over it.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "helpers of tests"
)]

pub mod clock;
pub mod script;
