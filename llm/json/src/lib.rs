//! An incremental, tolerant JSON parser for what language models write, directed by a JSON Schema.
//!
//! TODO-DOCS
#![warn(missing_docs)]

mod apply;
mod change;
mod names;
mod parser;
mod report;
mod schema;

pub use apply::{ApplyError, apply};
pub use change::{Change, Edit, Path, Segment};
pub use parser::Parser;
pub use report::{Mismatch, MismatchKind, Parsed, Repair, RepairKind};
pub use schema::{Mark, Place, Schema, SchemaError};
