//! What a chat remembers and what its nodes do.
//!
//! Two programs share it, each with a graph of its own: the chat in the terminal, beside this, and the
//! one in the browser, `examples/chatbot`. In reading order: [`state`] is what it remembers, [`actions`]
//! what its nodes do. [`log`] opens what keeps the sessions. [`intent`], which guesses what a prompt is
//! after, has nothing to do with burdock.

pub mod actions;
pub mod intent;
pub mod log;
pub mod state;
