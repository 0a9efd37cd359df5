//! Conformance test suite for implementations of [`burdock::Log`].
//!
//! The docs of [`burdock::Log`] are the contract, and each [`Case`] tests one statement of it. The suite
//! uses only the trait, so it tests what a program can observe: entries are stored once, in order and
//! unchanged; only the last opener can write; a tail misses nothing; acknowledged entries survive.
//!
//! # Running the suite
//!
//! A [`Subject`] creates handles on one store. [`conformance!`] generates a test for each case:
//!
//! ```
//! use burdock::log::{Log, LogError, MemoryLog};
//! use burdock_testkit::Subject;
//! use futures::future::BoxFuture;
//! use std::sync::Arc;
//!
//! #[derive(Default)]
//! struct Memory(MemoryLog);
//!
//! impl Subject for Memory {
//!     fn log(&self) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
//!         let log: Arc<dyn Log> = Arc::new(self.0.clone());
//!         Box::pin(async { Ok(log) })
//!     }
//! }
//!
//! # // doctests cannot contain tests; this only checks that the macro compiles
//! burdock_testkit::conformance!(Memory::default());
//!
//! let report = burdock_testkit::run(Memory::default());
//! assert_eq!(report.failed().count(), 0, "{report}");
//! ```
//!
//! [`run`] returns a [`Report`], and a [`Table`] shows several reports side by side.
//!
//! # Optional methods of a subject
//!
//! - [`Subject::block_on`], for a log that needs a specific executor. The suite itself needs none.
//! - [`Subject::reopen`], for a store that outlives its handle: returns an independent handle, as in
//!   another process.
//! - [`Subject::crash`], for a store whose crash can be simulated.
//!
//! A case that needs a method that the subject does not implement is *not applicable*. The report lists
//! it with the reason.
//!
//! # Requirements beyond the docs of the trait
//!
//! - Failed operations change nothing. A rejected claim does not fence the writer, and neither does
//!   deleting a session that does not exist.
//! - Only an append of the same writer can be a repetition, not one of an earlier epoch.
//! - All values of offsets, epochs, limits and durations are accepted, up to the maximum.
//! - [`reached`](burdock::Log::reached) distinguishes a session from a later one with the same id.
//! - Wakers are called without holding a lock that operations of the log take, and are dropped with
//!   their future.
#![allow(
    clippy::missing_panics_doc,
    reason = "the only function that panics is the body of a test"
)]

mod case;
mod cases;
mod entries;
mod report;
mod subject;
mod trial;
mod wakers;
mod writer;

pub use self::{
    case::{CASES, Case, Failure, Outcome, check},
    report::{CaseResult, Report, Table, run},
    subject::Subject,
};
