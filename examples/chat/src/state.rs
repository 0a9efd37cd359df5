//! The state of the chat, and its items.
//!
//! A field either always has a value (`history`) or is a [`Slot`], which has no value until an action
//! writes it. An action that reads a slot gets a plain reference: the graph proves that it was written
//! before. A server shows its clients the fields that are marked public, and no others.
//!
//! After a stop the history ends with a partial answer, and `ended` records that, so that readers of the
//! state can distinguish it from a complete one. Stored sessions may be older than this field, so it has
//! a serde default.

use burdock::prelude::*;
use burdock_llm::{Message, Reason, Usage};
use serde::{Deserialize, Serialize};

/// The state of the chat.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    /// All messages, oldest first; cheap to clone, because clones share their messages.
    pub history: Vector<Message>,
    /// The current prompt.
    pub prompt: Slot<String>,
    /// Whether the prompt may be answered.
    #[state(public)]
    pub safe: Slot<bool>,
    /// How the prompt is answered.
    #[state(public)]
    pub mode: Slot<Mode>,
    /// The usage of the model's last answer; the log has the usage of each answer.
    #[state(public)]
    pub usage: Slot<Usage>,
    /// How the last answer ended: complete, or stopped by the user, for example.
    #[serde(default)]
    #[state(public)]
    pub ended: Slot<Reason>,
}

impl Chat {
    /// Returns `true` if the user stopped the last answer.
    pub fn was_stopped(&self) -> bool {
        self.ended.get() == Some(&Reason::Cancelled)
    }
}

/// How a prompt is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// With a program.
    Code,
    /// With an explanation.
    Question,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// The text, including the space that follows it.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::Chat;
    use serde_json::json;

    #[test]
    fn a_session_stored_before_the_field_ended_existed_is_read() -> serde_json::Result<()> {
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
