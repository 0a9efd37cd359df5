//! What the chat remembers, and what it yields.
//!
//! What to learn here: a server shows clients the fields that are marked public, and no other.

use burdock::prelude::*;
use burdock_llm::Message;
use serde::{Deserialize, Serialize};

/// What the chat remembers.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    /// All that was said, the latest last; cheap to clone, since the copies share their messages.
    pub history: Vector<Message>,
    /// What the user asks.
    pub prompt: Slot<String>,
    /// Whether it may be answered.
    #[state(public)]
    pub safe: Slot<bool>,
    /// How it is answered.
    #[state(public)]
    pub mode: Slot<Mode>,
}

/// How a prompt is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// With a program.
    Code,
    /// With words.
    Question,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Its text, with the space that follows it.
    pub text: String,
}
