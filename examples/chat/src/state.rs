//! What the chat remembers, and what it yields.
//!
//! What to learn here: a field is either always there (`history`) or a [`Slot`], which has no
//! value until an action writes it. An action that reads a slot gets a plain reference: the graph
//! proves that it was written before. A server shows its clients the fields that are marked public,
//! and no other.

use burdock::prelude::*;
use burdock_llm::{Message, Usage};
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
    /// What the model's last answer took; the log has it of each answer.
    #[state(public)]
    pub usage: Slot<Usage>,
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
