//! State and actions of a chat.
//!
//! Two programs share this library, each with its own graph: the terminal chat in this package, and the
//! browser chat in `examples/chatbot`. In reading order: [`state`], [`actions`], [`log`], which opens the
//! store of the sessions, and [`intent`] and [`terminal`], which do not use burdock.

pub mod actions;
pub mod intent;
pub mod log;
pub mod state;
pub mod terminal;
