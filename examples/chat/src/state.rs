//! What the chat remembers, and what it yields.
//!
//! What to learn here: a field is either always there (`history`) or a [`Slot`], which has no
//! value until an action writes it. An action that reads a slot gets a plain reference: the graph
//! proves that it was written before. A server shows its clients the fields that are marked public,
//! and no other.
//!
//! After a stop the history has a part of an answer, and `ended` says so: whoever reads the state can
//! tell it from a whole one. The field is younger than sessions that are kept somewhere, so serde has
//! a default for it.

use burdock::prelude::*;
use burdock_llm::{Message, Reason, Usage};
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
    /// How the last answer ended: complete, or stopped by the user, for example.
    #[serde(default)]
    #[state(public)]
    pub ended: Slot<Reason>,
}

impl Chat {
    /// Whether the last message is a part of an answer that the user stopped.
    pub fn was_stopped(&self) -> bool {
        self.ended.get() == Some(&Reason::Cancelled)
    }
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

#[cfg(test)]
mod tests {
    use super::Chat;
    use serde_json::json;

    #[test]
    fn a_session_that_was_kept_before_there_was_an_end_is_read() -> serde_json::Result<()> {
        let kept = json!({
            "history": [],
            "prompt": "hi",
            "safe": true,
            "mode": "Question",
            "usage": { "output_tokens": 7 }
        });
        let chat: Chat = serde_json::from_value(kept)?;
        assert_eq!(chat.ended.get(), None);
        assert!(!chat.was_stopped());
        Ok(())
    }
}
