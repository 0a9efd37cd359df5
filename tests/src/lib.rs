//! Shared helpers of the tests: an action that follows a script, and graphs that use it.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "helpers of tests"
)]

pub mod clock;
pub mod faulty;
pub mod graphs;
pub mod round_trip;
pub mod script;
pub mod stalled;

/// The Rust blocks of the docs. `docs/expansions.md` is checked by a test of burdock-macros.
#[cfg(doctest)]
pub mod docs {
    #[doc = include_str!("../../README.md")]
    pub struct Readme;

    #[doc = include_str!("../../docs/getting-started.md")]
    pub struct GettingStarted;

    #[doc = include_str!("../../docs/language.md")]
    pub struct Language;
}
