//! The chatbot with providers that speak the `OpenAI` protocol, over sockets.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test, which prints its measurements"
)]

mod chatbot;
mod flood;
mod stop;
