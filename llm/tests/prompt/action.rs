//! The action of a prompt, in a graph.

use super::{Chapter, Result, Story, model, say, story};
use burdock::{
    Outcome, RunErrorKind,
    log::{Durability, Log, MemoryLog},
    prelude::*,
};
use burdock_llm::{Change, Grown, Model, PromptError, Script, prompt};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{sync::Arc, time::Duration};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Studio {
    subject: String,
    chapters: u32,
    notes: Vec<String>,
    story: Slot<Story>,
    praise: String,
}

/// Write a short story about {subject}, in at most {chapters} chapters, {tone}. {notes:json} {style}
#[prompt(state = Studio, reads(subject, chapters, notes), writes(story), retries = 1)]
pub async fn write_story(
    subject: &str,
    chapters: u32,
    notes: &[String],
    /// How it sounds.
    #[input]
    tone: &str,
    style: String,
) -> Story;

/// Praise the story {story:json}.
#[prompt(state = Studio, reads(story), writes(praise), resource = critic)]
async fn praise(story: &Story) -> String;

graph! {
    /// Writes a story.
    Writing(Studio) {
        inputs { tone: String }
        resources { llm: Arc<dyn Model>, critic: Arc<dyn Model> }
        yields Item;
        nodes { write: write_story { style: "in verse".to_owned() }, praise }
        start write;
        write -> praise;
        praise -> pause;
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Item {
    Story(Change<Story>),
    Praise(Change<String>),
}

impl From<Change<Story>> for Item {
    fn from(change: Change<Story>) -> Self {
        Self::Story(change)
    }
}

impl From<Change<String>> for Item {
    fn from(change: Change<String>) -> Self {
        Self::Praise(change)
    }
}

fn resources(script: Script) -> WritingResources {
    WritingResources { llm: model([script]), critic: model([say("Well done.")]) }
}

fn inputs() -> WritingInputs {
    WritingInputs { tone: "gently".into() }
}

#[tokio::test(start_paused = true)]
async fn a_graph_streams_it_or_takes_it_as_an_ordinary_step() -> Result {
    let script = say(&json!(story()).to_string());
    let state = Studio { subject: "a dragon".into(), chapters: 3, ..Studio::default() };
    let app = || Writing::app().resources(resources(script.clone())).state(state.clone());

    let mut app_streamed = app().build().await?;
    let mut run = app_streamed.run(inputs());
    let (mut grown, mut text) = (Grown::<Story>::new(), Grown::<String>::new());
    while let Some(item) = run.next().await {
        match item? {
            Item::Story(change) => grown.apply(&change)?,
            Item::Praise(change) => text.apply(&change)?,
        }
    }
    let streamed = run.finish().await?;
    assert!(grown.is_complete() && text.is_complete());
    assert_eq!(json!(grown.partial()), json!(story()));
    assert_eq!(text.partial().map(String::as_str), Some("Well done."));
    assert_eq!(streamed.state().praise, "Well done.");

    let mut app_whole = app().build().await?;
    let whole = app_whole.run(inputs()).await?;
    assert_eq!(json!(whole.state()), json!(streamed.state()));
    Ok(())
}
