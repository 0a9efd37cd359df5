//! What every log of burdock has to pass: one suite for a memory, a file, a database, and for yours.
//!
//! The docs of [`burdock::Log`] are the contract, and a [`Case`] is one sentence of it. The suite
//! calls nothing but that trait, so it says of a log what a program can see of it: that entries are
//! there once, in order and byte by byte; that the last opener alone can write; that a tail misses
//! nothing; that what was acknowledged survives.
//!
//! # Running it
//!
//! A [`Subject`] makes handles on one store. [`conformance!`] writes a test for each case:
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
//! # // a doctest has no tests of its own; the macro is compiled, the suite is run below
//! burdock_testkit::conformance!(Memory::default());
//!
//! let report = burdock_testkit::run(Memory::default());
//! assert_eq!(report.failed().count(), 0, "{report}");
//! ```
//!
//! [`run`] returns a [`Report`], and a [`Table`] puts several of them side by side.
//!
//! # What a subject can offer
//!
//! - [`Subject::block_on`], for a log that needs a certain executor. The suite needs none.
//! - [`Subject::reopen`], for a store that outlives its handle: a second handle as another process
//!   would have it.
//! - [`Subject::crash`], for a store that can be cut off in the middle of its work.
//!
//! A case that needs what a subject does not offer is *not applicable*: the report says so and why.
//!
//! # What is expected beyond the words of the trait
//!
//! - What an operation refuses, it leaves as it was: a refused claim fences nobody, and neither does
//!   deleting a session that does not exist.
//! - A repetition is one by the same writer. What an earlier epoch wrote is not.
//! - No number is too large: offsets, epochs, limits and durations up to the last one are answered.
//! - [`reached`](burdock::Log::reached) tells a session from a later one of the same id.
//! - A waker is woken without a lock that the log's operations take, and forgotten with its future.
#![allow(
    clippy::missing_panics_doc,
    reason = "the one function that panics is the body of a test and says so"
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
    case::{CASES, Case, Fault, Outcome, check},
    report::{Report, Result, Table, run},
    subject::Subject,
};
