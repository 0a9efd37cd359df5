//! Tests of providers with a server in this process that has the `OpenAI` protocol.

mod limits;
mod prompts;
mod protocols;
mod relayed;
mod requests;
mod server;
mod settings;
mod trouble;

use self::server::{KEY, Server, answer, say, say_three, send, start_answer};
use crate::{Chunk, End, Message, Model, Provider, Reason, Request};
use burdock::prelude::{State, graph, streaming_action};
use futures::{FutureExt, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use serde_json::json;
use server::Result;
use std::{io::Write, time::Instant};

fn ask() -> Request {
    Request::prompt("Hi")
}

#[tokio::test]
async fn answer_is_streamed_in_chunks() -> Result {
    let server = Server::start(answer)?;
    let (deltas, transcript) = server.model()?.chat(ask()).transcribe();
    let deltas: Vec<String> = deltas.try_collect().await?;
    assert_eq!(deltas, ["Hel", "lo, ", "wörld"]);
    assert_eq!(transcript.end().reason, Reason::Complete);
    assert!(transcript.end().usage.first_delta.is_some());
    Ok(())
}

#[tokio::test]
async fn nothing_is_sent_before_the_answer_is_polled() -> Result {
    let server = Server::start(answer)?;
    drop(server.model()?.chat(ask()));
    server.model()?.chat(ask()).whole().await?;
    assert!(server.received().await?.head.starts_with("post /v1/chat/completions "));
    Ok(())
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() -> Result {
    let server = Server::start(say_three)?;
    let mut answer = server.model()?.chat(ask());
    assert!(matches!(answer.next().await, Some(Ok(Chunk::Delta(text))) if text == "Hel"));
    let dropped = Instant::now();
    drop(answer);
    server.received().await?.assert_closed_soon_after(dropped);
    Ok(())
}

#[derive(State, Clone, Default, Serialize, Deserialize)]
struct Talk {
    text: String,
}

#[streaming_action(state = Talk, writes(text), yields(String))]
async fn talk(#[resource] llm: &Provider) -> burdock::Result<Writes> {
    let (mut deltas, transcript) = llm.chat(ask()).transcribe();
    while let Some(delta) = deltas.try_next().await? {
        yield_!(delta);
    }
    Ok(Writes { text: transcript.take().text })
}

graph! {
    Talking(Talk) {
        resources { llm: Provider }
        yields String;
        nodes { talk }
        start talk;
        talk -> pause;
    }
}

#[tokio::test]
async fn cancelled_run_closes_the_connection() -> Result {
    let server = Server::start(say_three)?;
    let resources = TalkingResources { llm: server.model()? };
    let mut app = Talking::app().resources(resources).build().await?;
    let mut run = app.run(TalkingInputs {});
    for _ in 0..3 {
        assert!(matches!(run.next().await, Some(Ok(_))));
    }
    let cancelled = Instant::now();
    drop(run);
    server.received().await?.assert_closed_soon_after(cancelled);
    Ok(())
}

#[tokio::test]
async fn stop_closes_the_connection_and_keeps_the_text() -> Result {
    let server = Server::start(say_three)?;
    let (stop, stopped) = futures::channel::oneshot::channel::<()>();
    let mut answer = server.model()?.chat(ask()).until(stopped.map(|_| ()));
    for _ in 0..3 {
        assert!(matches!(answer.next().await, Some(Ok(Chunk::Delta(_)))));
    }
    let stopped = Instant::now();
    drop(stop);
    let end = answer.next().await;
    assert!(matches!(end, Some(Ok(Chunk::End(End { reason: Reason::Cancelled, .. })))), "{end:?}");
    server.received().await?.assert_closed_soon_after(stopped);
    Ok(())
}

#[tokio::test]
async fn end_has_the_reason_and_the_tokens() -> Result {
    let reasons = [
        ("stop", Reason::Complete),
        ("length", Reason::Limit),
        ("content_filter", Reason::Filtered),
    ];
    for (name, reason) in reasons {
        let server = Server::start(move |stream| {
            start_answer(stream)?;
            say(stream, "Hello")?;
            send(stream, &json!({ "choices": [{ "delta": {}, "finish_reason": name }] }))?;
            let usage = json!({ "prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15 });
            send(stream, &json!({ "choices": [], "usage": usage }))?;
            stream.write_all(b"data: [DONE]\n\n")
        })?;
        let end = server.model()?.chat(ask()).whole().await?.end;
        assert_eq!(end.reason, reason);
        assert_eq!((end.usage.input_tokens, end.usage.output_tokens), (Some(12), Some(3)));
        assert!(server.received().await?.body.contains(r#""include_usage":true"#));
    }
    Ok(())
}

#[tokio::test]
async fn usage_is_read_from_any_event() -> Result {
    let server = Server::start(|stream| {
        start_answer(stream)?;
        let choice = json!({ "delta": { "content": "the \"usage\":{ of it" } });
        send(stream, &json!({ "choices": [choice], "usage": null }))?;
        send(stream, &json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] }))?;
        let usage = json!({ "prompt_tokens": 8, "completion_tokens": 9 });
        send(stream, &json!({ "choices": [{ "delta": {} }], "usage": usage }))?;
        stream.write_all(b"data: [DONE]\n\n")
    })?;
    let usage = server.model()?.chat(ask()).whole().await?.end.usage;
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(8), Some(9)));
    Ok(())
}

#[tokio::test]
async fn finish_reason_ends_the_answer_without_a_done_event() -> Result {
    let server = Server::start(|stream| {
        start_answer(stream)?;
        say(stream, r#"a "finish_reason": "length" of its own"#)?;
        send(stream, &json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] }))?;
        stream.shutdown(std::net::Shutdown::Write)
    })?;
    let whole = server.model()?.chat(ask()).whole().await?;
    assert_eq!(whole.end.reason, Reason::Complete);
    assert!(whole.text.contains("of its own"));
    Ok(())
}

#[tokio::test]
async fn model_can_be_used_on_another_thread() -> Result {
    fn is_shared<T: Clone + Send + Sync>(_: &T) {}
    let model = Provider::at("http://localhost:1", "small", Some(KEY))?;
    is_shared(&model);
    let nothing = model.chat(Request::new([Message::assistant("Hello")])).whole().await;
    assert!(matches!(nothing, Err(crate::ModelError::NothingAsked)));
    Ok(())
}
