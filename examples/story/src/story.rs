//! The type of the answer.
//!
//! An answer is an ordinary type. The docs of its fields are part of the JSON schema that
//! the model gets, so they describe what a field should contain. `Partial` generates the type of an
//! unfinished answer, [`StoryPartial`].

use burdock_llm::Partial;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A short story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub struct Story {
    /// The title, without quotes.
    pub title: String,
    /// The chapters, in order.
    pub chapters: Vec<Chapter>,
    /// The mood of the story.
    pub mood: Mood,
    /// How well it turned out, from 1 to 5.
    #[partial(done)]
    pub rating: u8,
}

/// A part of a story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub struct Chapter {
    /// A heading of a few words.
    pub heading: String,
    /// Two or three sentences.
    pub text: String,
}

/// The mood of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Partial)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    /// It makes the reader smile.
    Cheerful,
    /// It makes the reader think.
    Thoughtful,
    /// It makes the reader look behind the curtain.
    Eerie,
}
