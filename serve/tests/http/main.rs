//! The routes, over real connections.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod client;
mod described;
mod documented;
mod connections;
mod errors;
mod events;
mod graph;
mod graphs;
mod guarded;
mod inputs;
mod http2;
mod interrupted;
mod limits;
mod numbers;
mod readers;
mod refused;
mod runs;
mod sessions;
mod starts;
