//! What a chat remembers and what its nodes do.
//!
//! Two programs share it, each with a graph of its own: the chat in the terminal, beside this, and the
//! one in the browser, `examples/chatbot`. In reading order: [`state`] is what it remembers, [`actions`]
//! what its nodes do. [`intent`], which guesses what a prompt is after, is no matter of burdock.

pub mod actions;
pub mod intent;
pub mod state;
