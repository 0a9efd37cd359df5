//! The prompt of the tests, and its answer type.

use burdock_llm::{Partial, prompt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A chapter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Chapter {
    pub(crate) heading: String,
}

/// A short story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Partial)]
pub(crate) struct Story {
    pub(crate) title: String,
    pub(crate) chapters: Vec<Chapter>,
    /// From 1 to 5.
    #[partial(done)]
    pub(crate) rating: u8,
}

/// Write a short story about {subject}, in at most {chapters} chapters.
///
/// Avoid clichés.
#[prompt]
pub(crate) async fn write_story(subject: &str, chapters: u32) -> Story;
