//! Retries of prompts.

use super::{Result, Story, say, story, write_story, written};
use burdock_llm::{
    Answer, Chunk, End, Grown, Model, PromptError, Reason, Request, Role, Script, Scripted, Usage,
    prompt, prompt::Prompt,
};
use futures::stream;
use serde_json::json;
use std::{collections::VecDeque, sync::Mutex, time::Duration};

const WRONG: &str = r#"{"title": "Fire", "chapters": "none"}"#;

fn whole() -> Script {
    say(&written(&story()))
}

fn retrying(retries: u32) -> Prompt<Story> {
    write_story("a dragon", 3).retries(retries)
}

#[tokio::test(start_paused = true)]
async fn retry_sends_the_answer_and_the_mismatch() -> Result {
    let llm = Scripted::new([say(WRONG), whole()]);
    let (value, response) = retrying(1).on(&llm).with_response().await?;
    assert_eq!((value, response.attempts), (story(), 2));
    assert_eq!(response.text, written(&story()));
    let requests = llm.requests();
    let [first, second] = &requests[..] else { return Err("there are two requests".into()) };
    assert_eq!(second.messages[0], first.messages[0]);
    let [_, answer, correction] = &second.messages[..] else { return Err("three messages".into()) };
    assert_eq!((answer.role, correction.role), (Role::Assistant, Role::User));
    assert!(WRONG.starts_with(&answer.text), "{}", answer.text);
    assert!(correction.text.contains("at `chapters`"), "{}", correction.text);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn retry_sends_only_the_last_answer_and_the_last_error_is_returned() {
    let llm = Scripted::new([say("no"), say(""), say(WRONG)]);
    let error = retrying(2).on(&llm).await.unwrap_err();
    assert!(matches!(&error, PromptError::Mismatch { path, .. } if path.to_string() == "chapters"));
    let lengths: Vec<_> = llm.requests().iter().map(|request| request.messages.len()).collect();
    // providers reject an empty message, so an empty answer is not sent
    assert_eq!(lengths, [1, 3, 2]);
}

#[tokio::test(start_paused = true)]
async fn usage_is_the_sum_of_the_completed_attempts() -> Result {
    // the mismatch of the first one is found only at its end
    let llm = Scripted::new([say(""), whole()]);
    let (_, response) = retrying(1).on(&llm).with_response().await?;
    assert_eq!((response.usage.input_tokens, response.usage.output_tokens), (Some(40), Some(14)));
    Ok(())
}

/// A model whose answers are ready at once.
#[derive(Debug)]
struct Sent(Mutex<VecDeque<&'static str>>);

impl Model for Sent {
    fn chat(&self, _: Request) -> Answer {
        let text = self.0.lock().unwrap().pop_front().unwrap_or_default();
        let usage = Usage { input_tokens: Some(20), output_tokens: Some(7), first_delta: None };
        let end = Chunk::End(End { reason: Reason::Complete, usage });
        Answer::new(stream::iter([Ok(Chunk::Delta(text.to_owned())), Ok(end)]))
    }
}

#[tokio::test(start_paused = true)]
async fn usage_of_a_mismatched_attempt_is_counted() -> Result {
    let llm = Sent(Mutex::new(VecDeque::from([
        WRONG,
        r#"{"title": "Fire", "chapters": [], "rating": 4}"#,
    ])));
    let (_, response) = retrying(1).on(&llm).with_response().await?;
    assert_eq!((response.usage.input_tokens, response.usage.output_tokens), (Some(40), Some(14)));
    assert_eq!((response.attempts, response.unmetered), (2, 0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn attempt_that_was_closed_before_its_usage_arrived_is_unmetered() -> Result {
    let second = Duration::from_secs(1);
    let llm = Scripted::new([Script::new().wait(second).say(WRONG).wait(second), whole()]);
    let (_, response) = retrying(1).on(&llm).with_response().await?;
    assert_eq!((response.usage.input_tokens, response.usage.output_tokens), (Some(20), Some(7)));
    assert_eq!((response.attempts, response.unmetered), (2, 1));
    assert_eq!(response.usage.first_delta, Some(second));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn stream_is_not_retried_after_its_first_change() {
    let llm = Scripted::new([say(WRONG), whole()]);
    let mut answer = retrying(1).on(&llm).stream();
    let mut last = None;
    while let Some(change) = answer.next().await {
        last = Some(change);
    }
    assert!(matches!(last, Some(Err(PromptError::Mismatch { .. }))), "{last:?}");
    assert_eq!((answer.response().attempts, llm.requests().len()), (1, 1));
    assert_eq!(answer.partial().title.as_deref(), Some("Fire"));
}

#[tokio::test(start_paused = true)]
async fn stream_is_retried_before_its_first_change() -> Result {
    let llm = Scripted::new([say("I would rather not."), whole()]);
    let mut answer = retrying(1).on(&llm).stream();
    let mut grown = Grown::<Story>::new();
    while let Some(change) = answer.next().await {
        grown.apply(&change?)?;
    }
    assert_eq!(answer.response().attempts, 2);
    assert_eq!(answer.finish().await?, story());
    assert!(grown.is_complete());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn resetting_stream_sets_the_root_again() -> Result {
    let llm = Scripted::new([say(WRONG), whole()]);
    let mut answer = retrying(1).resetting().on(&llm).stream();
    let (mut grown, mut value, mut roots) = (Grown::<Story>::new(), json!(null), 0);
    while let Some(change) = answer.next().await {
        let change = change?;
        roots += usize::from(
            change.path().is_root() && matches!(change.edit(), burdock_json::Edit::Set(_)),
        );
        grown.apply(&change)?;
        burdock_json::apply(&mut value, change.untyped())?;
        assert_eq!(json!(grown.partial()), value);
        assert_eq!(json!(answer.partial()), value);
    }
    assert_eq!((roots, answer.response().attempts), (2, 2));
    assert_eq!((value, answer.finish().await?), (json!(story()), story()));
    Ok(())
}

/// Say {what}.
#[prompt(retries = 3, resetting)]
async fn say_number(what: &str) -> u8;

#[tokio::test(start_paused = true)]
async fn attribute_sets_retries_and_the_call_can_set_fewer() -> Result {
    let llm = Scripted::new([say("x"), say("y"), say("z"), say("7")]);
    assert_eq!(say_number("seven").on(&llm).await?, 7);
    let llm = Scripted::new([say("x"), say("7")]);
    assert!(say_number("seven").retries(0).on(&llm).await.is_err());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn errors_of_the_model_are_not_retried() {
    let llm = Scripted::new([Script::new().refuse(503), whole()]);
    assert!(matches!(retrying(5).on(&llm).await, Err(PromptError::Model(_))));
    assert_eq!(llm.requests().len(), 1);
    let llm = Scripted::new([say(r#"{"title""#).cut(), whole()]);
    assert!(matches!(retrying(5).on(&llm).await, Err(PromptError::Incomplete { .. })));
    assert_eq!(llm.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_of_the_value_loses_no_change() -> Result {
    let text = written(&story());
    let (first, rest) = text.split_at(text.len() / 2);
    let pause = std::time::Duration::from_secs(2);
    let llm = Scripted::new([Script::new().say(first).wait(pause).say(rest)]);
    let mut answer = write_story("a dragon", 3).on(&llm).stream();
    let second = std::time::Duration::from_secs(1);
    assert!(tokio::time::timeout(second, answer.finish()).await.is_err());
    let mut grown = Grown::<Story>::new();
    while let Some(change) = answer.next().await {
        grown.apply(&change?)?;
    }
    assert!(grown.is_complete());
    assert_eq!(json!(grown.partial()), json!(story()));
    assert_eq!(answer.finish().await?, story());
    Ok(())
}
