//! Functions whose bodies are prompts.
//!
//! The doc comment is the prompt, the arguments fill its placeholders, and the
//! return type is the type of the answer. `String` is text; any other type is a value that fits its schema.

use crate::{graph::Studio, story::Story};
use burdock_llm::prompt;

/// Write a short story about {subject}, in {chapters} chapters.
///
/// Avoid clichés.
#[prompt(
    state = Studio,
    reads(subject, chapters),
    writes(story),
    system = "You write stories for children.",
    retries = 2
)]
pub async fn write_story(subject: &str, chapters: u32) -> Story;

/// Propose {count} subjects for a short story, each of at most five words.
#[prompt]
pub async fn propose_subjects(count: u32) -> Vec<String>;

/// Write one sentence for the back cover of this story:
///
/// {story:json}
#[prompt]
pub async fn write_blurb(story: &Story) -> String;
