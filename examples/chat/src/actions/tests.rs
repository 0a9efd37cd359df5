//! Tests of single actions, without a graph or a run.

use super::{check_safety, choose_mode, refuse, respond, take_prompt};
use crate::state::{Chat, Delta, Mode};
use burdock::prelude::*;
use burdock_llm::{Message, Model, Offline, Pace, Reason};
use std::sync::Arc;

fn asked(prompt: &str) -> Chat {
    Chat {
        history: [Message::user(prompt)].into_iter().collect(),
        prompt: prompt.to_owned().into(),
        ..Chat::default()
    }
}

fn llm() -> Arc<dyn Model> {
    Arc::new(Offline::with_pace(Pace::Instant))
}

fn shown(items: &[Delta]) -> String {
    items.iter().map(|delta| delta.text.as_str()).collect()
}

#[tokio::test]
async fn the_prompt_is_appended_to_the_history() -> Result<()> {
    let (_, writes) =
        take_prompt::test(&asked("hello")).input("prompt", "and you?".to_owned()).await;
    let writes = writes?;
    assert_eq!(writes.prompt, "and you?");
    assert_eq!(writes.history, [Message::user("and you?")]);
    Ok(())
}

#[tokio::test]
async fn safety_and_mode_follow_from_the_prompt() -> Result<()> {
    let (_, unsafe_) = check_safety::test(&asked("something unsafe")).await;
    let (_, code) = choose_mode::test(&asked("write code for fizzbuzz")).await;
    let (_, question) = choose_mode::test(&asked("what is a monad?")).await;
    assert!(!unsafe_?.safe);
    assert_eq!(code?.mode, Mode::Code);
    assert_eq!(question?.mode, Mode::Question);
    Ok(())
}

#[tokio::test]
async fn the_reply_is_what_was_shown() -> Result<()> {
    let (items, writes) = respond::test(&asked("what is a monad?"))
        .resource("llm", llm())
        .params(|params| params.preamble = Some("Answer the question.".into()))
        .await;
    let writes = writes?;
    assert!(items.len() > 5);
    assert_eq!(writes.history.last(), Some(&Message::assistant(shown(&items))));
    assert_eq!(writes.usage.output_tokens, Some(items.len() as u64));
    assert!(writes.usage.first_delta.is_some());
    assert_eq!(writes.ended, Reason::Complete);
    Ok(())
}

#[tokio::test]
async fn a_stop_keeps_what_was_shown() -> Result<()> {
    let (items, writes) = respond::test(&asked("what is a monad?"))
        .resource("llm", llm())
        .params(|params| params.preamble = Some("Answer the question.".into()))
        .stop_after(3)
        .await;
    let writes = writes?;
    assert_eq!(items.len(), 3);
    assert_eq!(writes.history.last(), Some(&Message::assistant(shown(&items))));
    assert_eq!(writes.history.len(), 1);
    // an answer that was stopped has no token counts
    assert_eq!(writes.usage.output_tokens, None);
    assert!(writes.usage.first_delta.is_some());
    assert_eq!(writes.ended, Reason::Cancelled, "the state records that it is incomplete");
    Ok(())
}

#[tokio::test]
async fn a_stop_before_the_first_word_leaves_no_empty_message() -> Result<()> {
    let (items, writes) = respond::test(&asked("what is a monad?"))
        .resource("llm", llm())
        .params(|params| params.preamble = Some("Answer the question.".into()))
        .stop_after(0)
        .await;
    assert!(items.is_empty());
    assert!(writes?.history.is_empty());
    Ok(())
}

#[tokio::test]
async fn the_error_of_a_model_is_the_error_of_the_action() {
    let (items, writes) = respond::test(&Chat::default())
        .resource("llm", llm())
        .params(|params| params.preamble = Some(String::new()))
        .await;
    assert!(items.is_empty());
    assert!(writes.is_err_and(|error| error.to_string() == "there is no user message to answer"));
}

#[tokio::test]
async fn a_refusal_is_shown_and_remembered() -> Result<()> {
    // after an answer that was stopped
    let chat = Chat { ended: Reason::Cancelled.into(), ..asked("something unsafe") };
    let (items, writes) = refuse::test(&chat).await;
    let writes = writes?;
    assert_eq!(writes.history.last(), Some(&Message::assistant(shown(&items))));
    assert_eq!(writes.ended, Reason::Complete, "the last answer is complete");
    Ok(())
}
