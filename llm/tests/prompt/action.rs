//! The action of a prompt in a graph.

use super::{Result, Story, model, say, story, written};
use burdock::{
    Outcome, RunErrorKind,
    action::FailureCause,
    log::{Durability, EntryKind, Log, MemoryLog, Offset, SessionId},
    prelude::*,
};
use burdock_llm::{Change, Grown, Model, PromptError, Reason, Script, Usage, prompt};
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
    usage: Usage,
}

/// Write a short story about {subject}, in at most {chapters} chapters, {tone}. {notes:json} {style}
#[prompt(state = Studio, reads(subject, chapters, notes), writes(story), usage = usage, retries = 1)]
async fn write_story(
    subject: &str,
    chapters: u32,
    notes: &[String],
    /// How it sounds.
    #[input]
    tone: &str,
    style: String,
) -> Story;

/// Praise the story {story:json}.
#[prompt(state = Studio, reads(story), writes(praise), usage = usage, resource = critic)]
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
async fn prompt_is_a_streaming_action_or_an_ordinary_one() -> Result {
    let script = say(&written(&story()));
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

#[tokio::test(start_paused = true)]
async fn usage_of_all_calls_and_attempts_is_summed() -> Result {
    let used = |tokens| Usage { input_tokens: Some(tokens), ..Usage::default() };
    let end = |text: &str, tokens| say(text).end(Reason::Complete, used(tokens));
    // the first answer has no change to show, and is repeated
    let scripts = [end("no story", 1), end(&written(&story()), 10)];
    let critic = model([end("Well done.", 100)]);
    let resources = WritingResources { llm: model(scripts), critic };
    let state = Studio { usage: used(1000), ..Studio::default() };
    let mut app = Writing::app().resources(resources).state(state).build().await?;
    let usage = app.run(inputs()).await?.state().usage;
    assert_eq!(usage.input_tokens, Some(1111));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn items_are_durable_and_late_readers_grow_the_same_value() -> Result {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let session = SessionId::new("ada")?;
    let script = say(&written(&story()));
    let app = Writing::app().resources(resources(script)).id("ada").log(Arc::clone(&log));
    let mut app = app.durability(Durability::Item).build().await?;
    let mut run = app.run(inputs());
    // a reader that starts after some items
    for _ in 0..4 {
        run.next().await.ok_or("there are more")??;
    }
    let cursor = log.read(&session, Offset(0), 100).await?;
    let mut late = Grown::<Story>::new();
    for record in cursor {
        grow(&mut late, &record.entry(&session)?.kind)?;
    }
    let shown = late.partial().cloned();
    assert!(shown.is_some() && !late.is_complete(), "{late:?}");
    while let Some(item) = run.next().await {
        item?;
    }
    // the item after the fourth was stored as well
    let mut followed = Grown::<Story>::new();
    for record in log.read(&session, Offset(0), 1000).await? {
        grow(&mut followed, &record.entry(&session)?.kind)?;
    }
    assert_eq!(json!(followed.partial()), json!(story()));
    assert!(followed.is_complete());
    Ok(())
}

/// Applies the items of the story from a log.
fn grow(grown: &mut Grown<Story>, kind: &EntryKind) -> Result {
    match kind {
        EntryKind::Item { item, .. } => {
            if let Item::Story(change) = serde_json::from_value(item.clone())? {
                grown.apply(&change)?;
            }
        }
        EntryKind::ItemsSuperseded { .. } => grown.reset(),
        _ => {}
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn answer_that_does_not_fit_fails_the_step_and_a_resume_retries_it() -> Result {
    let wrong = say(r#"{"title": "Fire", "chapters": "none"}"#);
    let scripts = [wrong, say(&written(&story()))];
    let resources = WritingResources { llm: model(scripts), critic: model([say("Well done.")]) };
    let mut app = Writing::app().resources(resources).build().await?;
    let mut run = app.run(inputs());
    let mut last = None;
    while let Some(item) = run.next().await {
        last = Some(item);
    }
    // changes were shown, so the prompt's own retry must not happen
    let error = last.ok_or("nothing came")?.err().ok_or("it fits")?;
    let RunErrorKind::Failed(failure) = error.kind() else { return Err(error.into()) };
    let FailureCause::Error(error) = failure.cause() else { return Err("no error".into()) };
    let cause = error.downcast_ref::<PromptError>();
    assert!(matches!(cause, Some(PromptError::Mismatch { .. })), "{cause:?}");
    drop(run);
    assert_eq!(app.resume().await?.state().praise, "Well done.");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn stop_closes_the_answer_commits_nothing_and_keeps_the_items() -> Result {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let session = SessionId::new("ada")?;
    let script = Script::new().say(r#"{"title": "Fi"#).silence();
    let app = Writing::app().resources(resources(script)).id("ada").log(Arc::clone(&log));
    let mut app = app.build().await?;
    let mut run = app.run(inputs());
    let stopper = run.stopper();
    let mut grown = Grown::<Story>::new();
    while grown.partial().is_none_or(|story| story.title.as_deref() != Some("Fi")) {
        let Item::Story(change) = run.next().await.ok_or("there are more")?? else { continue };
        grown.apply(&change)?;
    }
    stopper.stop();
    let error = run.finish().await.err().ok_or("it is finished")?;
    assert!(matches!(error.kind(), RunErrorKind::Cancelled { .. }), "{error:?}");
    drop(run);
    assert!(!app.state().story.is_set());
    app.flush().await?;
    let records = log.read(&session, Offset(0), 100).await?;
    for record in records {
        let kind = record.entry(&session)?.kind;
        assert!(!matches!(kind, EntryKind::ItemsSuperseded { .. }), "{kind:?}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn stop_after_the_last_token_of_a_value_commits_it() -> Result {
    let script = Script::new().say(written(&story())).silence();
    let mut app = Writing::app().resources(resources(script)).build().await?;
    let mut run = app.run(inputs());
    let stopper = run.stopper();
    let mut grown = Grown::<Story>::new();
    while grown.partial().is_none_or(|story| story.rating.is_none()) {
        let Item::Story(change) = run.next().await.ok_or("there are more")?? else { continue };
        grown.apply(&change)?;
    }
    stopper.stop();
    let end = run.finish().await?;
    assert_eq!(end.outcome(), Outcome::Stopped(WritingNode::praise));
    assert_eq!(end.state().story.get(), Some(&story()));
    Ok(())
}

/// A model that cancels its answers, independent of the run.
#[derive(Debug)]
struct Stopped;

impl Model for Stopped {
    fn chat(&self, _: burdock_llm::Request) -> burdock_llm::Answer {
        use burdock_llm::{Chunk, End, Reason};
        let end = End::because(Reason::Cancelled);
        let delta = Chunk::Delta(r#"{"title": "Fi"#.into());
        burdock_llm::Answer::new(futures::stream::iter([Ok(delta), Ok(Chunk::End(end))]))
    }
}

#[tokio::test(start_paused = true)]
async fn answer_that_the_model_cancelled_fails_the_step() -> Result {
    let llm: Arc<dyn Model> = Arc::new(Stopped);
    let critic = model([say("Well done.")]);
    let mut app = Writing::app().resources(WritingResources { llm, critic }).build().await?;
    let run = async { app.run(inputs()).await };
    let error = tokio::time::timeout(Duration::from_mins(1), run).await?.err();
    let error = error.ok_or("it is finished")?;
    assert!(matches!(error.kind(), RunErrorKind::Failed(_)), "{error:?}");
    Ok(())
}
