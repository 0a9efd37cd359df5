//! The chatbot and providers with the protocol of `OpenAI`, over sockets.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test, which says what it measured"
)]

mod chatbot;
mod flood;
mod stop;
