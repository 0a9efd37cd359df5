//! Tests of the whole runtime as one program, because each separate program links all of burdock. Tests that
//! count, kill or replace something of their process are programs of their own.
#![allow(missing_docs, unreachable_pub, reason = "tests")]

pub mod action_test;
pub mod api;
pub mod blocking;
pub mod borrowed;
pub mod children;
pub mod committed;
pub mod counted;
pub mod deployed;
pub mod design;
pub mod docs;
pub mod durability;
pub mod failures;
pub mod fairness;
pub mod formats;
pub mod graphs;
pub mod inputs;
pub mod keys;
pub mod log;
pub mod migrations;
pub mod once;
pub mod patches;
pub mod positions;
pub mod rejected;
pub mod replay;
pub mod restored;
pub mod round_trip;
pub mod runs;
pub mod skipped_fields;
pub mod stop;
pub mod transactions;
pub mod without_macros;
pub mod write_forms;
pub mod yield_from;
