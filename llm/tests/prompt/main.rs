//! `#[prompt]` against a scripted model.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod action;
mod answers;
mod hygiene;
mod names;
mod requests;
mod retries;
#[path = "../common/story.rs"]
mod story;
mod telemetry;

use burdock_llm::{Change, Model, Script, Scripted, Usage};
use std::{error::Error, sync::Arc};
use story::{Chapter, Story, write_story};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn story() -> Story {
    Story { title: "Fire".into(), chapters: vec![Chapter { heading: "Smoke".into() }], rating: 4 }
}

/// Serializes a story, in the order of its fields.
fn written(story: &Story) -> String {
    serde_json::to_string(story).unwrap()
}

/// Returns a script that sends a text in small chunks.
fn say(text: &str) -> Script {
    let mut script = Script::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.ceil_char_boundary(3));
        script = script.say(piece);
        rest = after;
    }
    let usage = Usage { input_tokens: Some(20), output_tokens: Some(7), first_delta: None };
    script.end(burdock_llm::Reason::Complete, usage)
}

fn model(scripts: impl IntoIterator<Item = Script>) -> Arc<dyn Model> {
    Arc::new(Scripted::new(scripts))
}

#[tokio::test(start_paused = true)]
async fn call_and_stream_return_the_same_value() -> Result {
    let text = written(&story());
    let llm = model([say(&text)]);

    let whole: Story = write_story("a dragon", 3).on(&llm).await?;
    assert_eq!(whole, story());

    let mut answer = write_story("a dragon", 3).on(&llm).stream();
    let mut titles = Vec::new();
    while let Some(change) = answer.next().await {
        let change: Change<Story> = change?;
        assert!(change.path().segments().len() < 4);
        titles.push(answer.partial().title.clone());
    }
    let streamed: Story = answer.finish().await?;
    let response = answer.response();
    assert_eq!(streamed, whole);
    assert!(titles.contains(&Some("Fi".into())), "{titles:?}");
    assert_eq!(response.text, text);
    assert_eq!((response.attempts, response.repairs.len()), (1, 0));
    assert_eq!(response.usage.output_tokens, Some(7));
    assert_eq!(response.reason, burdock_llm::Reason::Complete);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn finish_can_be_called_first_last_or_twice() -> Result {
    let llm = model([say(&written(&story()))]);
    let mut answer = write_story("a dragon", 3).on(&llm).stream();
    assert_eq!(answer.finish().await?, story());
    assert!(answer.next().await.is_none());
    assert_eq!(answer.finish().await?, story());
    assert_eq!(answer.partial().rating, Some(4));

    let (value, response) = write_story("a dragon", 3).on(&llm).with_response().await?;
    assert_eq!((value, &response), (story(), answer.response()));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_the_call_is_polled() -> Result {
    let llm = Scripted::new([say(&written(&story()))]);
    drop(write_story("a dragon", 3));
    drop(write_story("a dragon", 3).on(&llm));
    drop(write_story("a dragon", 3).on(&llm).stream());
    assert!(llm.requests().is_empty());
    write_story("a dragon", 3).on(&llm).await?;
    assert_eq!(llm.requests().len(), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn any_model_can_be_used_sized_or_not() -> Result {
    let scripted = Scripted::new([say(&written(&story()))]);
    let shared: Arc<dyn Model> = Arc::new(scripted.clone());
    let borrowed: &dyn Model = &scripted;
    assert_eq!(write_story("a dragon", 3).on(&scripted).await?, story());
    assert_eq!(write_story("a dragon", 3).on(&shared).await?, story());
    assert_eq!(write_story("a dragon", 3).on(borrowed).await?, story());
    Ok(())
}
