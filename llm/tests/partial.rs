//! Partial values.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "partial/changes.rs"]
mod changes;
#[path = "partial/growth.rs"]
mod growth;
#[path = "partial/types.rs"]
mod types;
#[path = "partial/values.rs"]
mod values;
