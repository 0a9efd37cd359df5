//! The routes, over real connections.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod chats;
mod children;
mod client;
mod connections;
mod described;
mod documented;
mod errors;
mod events;
mod graph;
mod graphs;
mod guarded;
mod handles;
mod http2;
mod inputs;
mod interrupted;
mod killed;
mod limits;
mod numbers;
mod readers;
mod rejected;
mod runs;
mod schemas;
mod sessions;
mod starts;
mod unopened;
mod without_clients;
