//! Scripts under tokio's paused clock.

use super::{Fault, Script, Scripted};
use crate::{Chunk, Model, ModelError, Reason, Request, ToolCall, Usage};
use futures::{FutureExt, StreamExt};
use std::time::Duration;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

fn ask(script: Script) -> crate::Answer {
    Scripted::new([script]).chat(Request::prompt("?"))
}

#[tokio::test(start_paused = true)]
async fn chunks_arrive_at_the_times_of_the_script() -> Result {
    let script = Script::new().wait(SECOND).say("a").wait(SECOND).wait(SECOND).say("b");
    let mut answer = ask(script.clone());
    let start = Instant::now();
    assert_eq!(answer.next().await, Some(Ok(Chunk::Delta("a".into()))));
    assert_eq!(start.elapsed(), SECOND);
    assert_eq!(answer.next().await, Some(Ok(Chunk::Delta("b".into()))));
    assert_eq!(start.elapsed(), 3 * SECOND);
    let whole = ask(script.wait(SECOND)).whole().await?;
    assert_eq!(whole.end.usage.first_delta, Some(SECOND));
    assert_eq!(start.elapsed(), 7 * SECOND);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_request_has_its_script_and_the_last_one_repeats() -> Result {
    let model = Scripted::new([Script::new().say("a"), Script::new().say("b")]);
    let mut texts = Vec::new();
    for prompt in ["1", "2", "3"] {
        texts.push(model.clone().chat(Request::prompt(prompt)).whole().await?.text);
    }
    assert_eq!(texts, ["a", "b", "b"]);
    assert_eq!(model.requests()[1], Request::prompt("2"));
    drop(model.chat(Request::prompt("4")));
    assert_eq!(model.requests().len(), 3, "an answer is lazy");
    assert!(Scripted::new([]).chat(Request::prompt("?")).whole().await.is_err());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn faults_behave_like_those_of_a_provider() -> Result {
    let refused = ask(Script::new().refuse(429)).whole().await;
    assert!(matches!(refused, Err(ModelError::Refused { status: 429, .. })));
    let cut = ask(Script::new().cut()).whole().await;
    assert!(matches!(cut, Err(ModelError::Connection { .. })));
    let cut = ask(Script::new().say("a").cut()).whole().await?;
    assert_eq!((cut.text.as_str(), cut.end.reason), ("a", Reason::Truncated));
    let gave_up = Script::new().say("a").fault(Fault::GaveUp { reason: "tired".into() });
    assert_eq!(ask(gave_up).count().await, 2);

    let mut silent = ask(Script::new().say("a").silence());
    assert!(silent.next().await.is_some());
    assert!(silent.next().now_or_never().is_none());
    let endless = ask(Script::new().endless("a", SECOND));
    assert_eq!(endless.take(1000).count().await, 1000);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn recorded_script_repeats_the_answer_even_from_json() -> Result {
    let call = ToolCall::new("1", "add", [1, 2]);
    let usage = Usage { input_tokens: Some(3), ..Usage::default() };
    let scripts = [
        Script::new().wait(SECOND).say("a").wait(SECOND).call(call).wait(SECOND),
        Script::new().say("a").end(Reason::Limit, usage),
        Script::new().wait(SECOND).refuse(500),
        Script::new().say("a").cut(),
        Script::new().cut(),
        Script::new().say("a").fault(Fault::GaveUp { reason: "tired".into() }),
        Script::new().fault(Fault::Request { reason: "too long".into() }),
    ];
    for script in scripts {
        let recorded = Script::record(ask(script.clone())).await;
        assert_eq!(recorded.beats(), script.beats());
        let json = serde_json::to_string(&recorded)?;
        let again: Script = serde_json::from_str(&json)?;
        assert_eq!(again, recorded, "{json}");
        let items = ask(script).collect::<Vec<_>>().await;
        assert_eq!(ask(again).collect::<Vec<_>>().await, items);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn recorded_error_is_retryable_if_the_original_is() -> Result {
    for (answer, retryable) in [
        (ask(Script::new().say("a").cut()).unbroken(), true),
        (crate::Offline::default().chat(Request::default()), false),
    ] {
        let error = ask(Script::record(answer).await).whole().await.err();
        assert_eq!(error.map(|error| error.is_retryable()), Some(retryable));
    }
    Ok(())
}
