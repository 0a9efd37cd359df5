//! The same prompt as an action of a graph.
//!
//! `write_story` is the name of a function and of an action. The action reads its
//! arguments from the state, yields the changes of the growing story, and writes the finished one.

use crate::{prompts::write_story, story::Story};
use burdock::prelude::*;
use burdock_llm::{Change, Model};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The state of the graph.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Studio {
    /// The subject of the story.
    #[state(public)]
    pub subject: Slot<String>,
    /// The number of chapters requested.
    pub chapters: Slot<u32>,
    /// The finished story.
    #[state(public)]
    pub story: Slot<Story>,
}

/// Takes the order for a story.
#[action(state = Studio, writes(subject, chapters))]
pub async fn take_order(#[input] subject: String, #[input] chapters: u32) -> Result<Writes> {
    Ok(Writes { subject, chapters: chapters.clamp(1, 9) })
}

graph! {
    /// Writes stories.
    pub Writing(Studio) {
        inputs { #[public] subject: String, chapters: u32 }
        resources { llm: Arc<dyn Model> }
        yields Change<Story>;
        nodes { take_order, write_story }
        start take_order;
        take_order -> write_story;
        write_story -> pause take_order;
    }
}
