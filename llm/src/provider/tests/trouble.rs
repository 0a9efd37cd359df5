//! Providers that reject requests, disconnect, send invalid data, keep silent or never stop.

use super::{
    ask,
    server::{
        KEY, Manners, Result, Server, break_off, give_up, refuse, say, say_three, send,
        start_answer,
    },
};
use crate::{Chunk, End, Model, ModelError, Provider, Reason, Retrying, answer::Item, traced};
use futures::StreamExt;
use serde_json::json;
use std::{io::Write, net::TcpListener, time::Duration};

/// Returns the number of deltas from such a server, and the last item.
async fn outcome(manners: Manners) -> Result<(usize, Item)> {
    let server = Server::start(manners)?;
    let mut answer = server.model()?.silent_for(Duration::from_secs(1)).at_most(10_000).chat(ask());
    let mut deltas = 0;
    loop {
        match answer.next().await.ok_or("there is no last item")? {
            Ok(Chunk::Delta(_)) => deltas += 1,
            Ok(Chunk::ToolCallDelta(_)) => {}
            last => {
                assert!(answer.next().await.is_none());
                return Ok((deltas, last));
            }
        }
    }
}

/// Returns the error of a chat with such a server, and the number of deltas before it.
async fn failure(manners: Manners) -> Result<(ModelError, usize)> {
    match outcome(manners).await? {
        (deltas, Err(error)) => Ok((error, deltas)),
        other => Err(format!("unexpected: {other:?}").into()),
    }
}

#[tokio::test]
async fn answer_that_breaks_off_is_truncated() -> Result {
    let half_a_line: Manners = |stream| {
        say_three(stream)?;
        stream.write_all(b"data: {\"choices\": [{\"delta\": {\"con")?;
        stream.shutdown(std::net::Shutdown::Write)
    };
    let half_a_letter: Manners = |stream| {
        say_three(stream)?;
        stream.write_all(b"data: {\"choices\": [{\"delta\": {\"content\": \"\xc3")?;
        stream.shutdown(std::net::Shutdown::Write)
    };
    let half_a_chunk: Manners = |stream| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                    transfer-encoding: chunked\r\n\r\n";
        let event = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
        let events = event.repeat(3);
        write!(stream, "{head}{:x}\r\n{events}\r\nff\r\nda", events.len())?;
        stream.shutdown(std::net::Shutdown::Write)
    };
    for manners in [break_off, half_a_line, half_a_letter, half_a_chunk] {
        let (deltas, last) = outcome(manners).await?;
        assert_eq!(deltas, 3);
        let Ok(Chunk::End(End { reason: Reason::Truncated, usage })) = last else {
            return Err(format!("unexpected: {last:?}").into());
        };
        assert!(usage.first_delta.is_some());
    }
    Ok(())
}

#[tokio::test]
async fn answer_that_breaks_off_before_its_first_text_is_a_retryable_error() -> Result {
    let table: &[Manners] = &[
        |stream| stream.shutdown(std::net::Shutdown::Both),
        |stream| {
            start_answer(stream)?;
            stream.shutdown(std::net::Shutdown::Write)
        },
        |stream| {
            start_answer(stream)?;
            stream.write_all(b"data: {\"choices\"")?;
            stream.shutdown(std::net::Shutdown::Write)
        },
        |stream| stream.write_all(b"HTTP/1.1 200 O"),
        |stream| stream.write_all(b"220 mail.example.org ESMTP\r\n"),
    ];
    for manners in table {
        let (error, _) = failure(*manners).await?;
        let expected = matches!(error, ModelError::Connection { .. } | ModelError::Silent { .. });
        assert!(expected && error.is_retryable(), "{error:?}");
    }
    Ok(())
}

#[tokio::test]
async fn error_or_invalid_data_in_the_answer_ends_it() -> Result {
    let (error, deltas) = failure(give_up).await?;
    assert_eq!(error.to_string(), "the provider gave up: overloaded");
    assert!(error.is_retryable());
    assert_eq!(deltas, 3);

    let (error, deltas) = failure(|stream| {
        say_three(stream)?;
        stream.write_all(b"data: {\"choices\": nonsense}\n\n")
    })
    .await?;
    assert_eq!(error.to_string(), "the provider gave up: part of its answer could not be read");
    assert_eq!(deltas, 3);

    let (error, deltas) = failure(|stream| {
        say_three(stream)?;
        stream.write_all(b"data: {\"choices\": [{\"delta\": {\"content\": \"\xff\xfe\"}}]}\n\n")
    })
    .await?;
    assert_eq!(error.to_string(), "the provider gave up: its answer is not UTF-8");
    assert_eq!(deltas, 3);
    Ok(())
}

#[tokio::test]
async fn silence_and_endless_keep_alives_time_out() -> Result {
    let table: &[(Manners, usize)] = &[
        (|_| Ok(()), 0),
        (start_answer, 0),
        (say_three, 3),
        (
            |stream| {
                start_answer(stream)?;
                while stream.write_all(b": keep-alive\n\n").is_ok() {
                    std::thread::yield_now();
                }
                Ok(())
            },
            0,
        ),
    ];
    for (row, (manners, expected)) in table.iter().enumerate() {
        let (error, deltas) = failure(*manners).await?;
        let limit = Duration::from_secs(1);
        assert_eq!((error, deltas), (ModelError::Silent { limit }, *expected), "row {row}");
    }
    Ok(())
}

#[tokio::test]
async fn answer_ends_if_the_connection_stays_open_after_the_finish_reason() -> Result {
    let server = Server::start(|stream| {
        say_three(stream)?;
        send(stream, &json!({ "choices": [{ "delta": {}, "finish_reason": "length" }] }))
    })?;
    let model = server.model()?.silent_for(Duration::from_secs(1));
    let whole = model.chat(ask()).whole().await?;
    assert_eq!((whole.text.as_str(), whole.end.reason), ("Hello, wörld", Reason::Limit));
    assert!(server.received().await?.closed);
    Ok(())
}

#[tokio::test]
async fn endless_answer_ends_at_the_limit() -> Result {
    let server = Server::start(|stream| {
        start_answer(stream)?;
        while say(stream, "and so on ").is_ok() {}
        Ok(())
    })?;
    let whole = server.model()?.at_most(10_000).chat(ask()).whole().await?;
    assert_eq!((whole.text.len(), whole.end.reason), (10_000, Reason::Limit));
    assert!(server.received().await?.closed);
    Ok(())
}

#[tokio::test]
async fn endless_reasoning_and_calls_end_at_the_limit() -> Result {
    let think: Manners = |stream| {
        start_answer(stream)?;
        let choice = json!({ "delta": { "reasoning_content": "hmm ".repeat(100) } });
        while send(stream, &json!({ "choices": [choice] })).is_ok() {}
        Ok(())
    };
    let call: Manners = |stream| {
        start_answer(stream)?;
        let more = json!({ "index": 0, "function": { "arguments": "1, ".repeat(100) } });
        let choice = json!({ "delta": { "tool_calls": [more] } });
        while send(stream, &json!({ "choices": [choice] })).is_ok() {}
        Ok(())
    };
    for manners in [think, call] {
        let (deltas, last) = outcome(manners).await?;
        assert_eq!(deltas, 0);
        assert!(
            matches!(last, Ok(Chunk::End(End { reason: Reason::Limit, .. }))),
            "unexpected: {last:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn http_error_is_the_only_item_and_says_whether_to_retry() -> Result {
    let table: &[(Manners, &str, bool)] = &[
        (|stream| refuse(stream, 401, "", "{}"), "status 401: the key is not accepted", false),
        (
            |stream| refuse(stream, 403, "", r#"{"error":{"message":"not in your country"}}"#),
            "status 403: not in your country",
            false,
        ),
        (
            |stream| refuse(stream, 404, "", r#"{"error":{"message":"no such model"}}"#),
            "status 404: no such model",
            false,
        ),
        (
            |stream| refuse(stream, 429, "retry-after: 7\r\n", r#"{"error":"slow down"}"#),
            "status 429: slow down",
            true,
        ),
        (|stream| refuse(stream, 503, "", "<p>later</p>"), "status 503: later", true),
        (|stream| refuse(stream, 500, "", ""), "status 500: no reason given", true),
    ];
    for (manners, expected, retryable) in table {
        let (error, deltas) = failure(*manners).await?;
        assert!(error.to_string().ends_with(expected), "{error}");
        assert_eq!(error.is_retryable(), *retryable, "{error}");
        assert_eq!(error.clone().into_action().is_retryable(), *retryable, "{error}");
        let delay = expected.contains("429").then_some(Duration::from_secs(7));
        assert_eq!(error.retry_after(), delay, "{error}");
        assert_eq!(deltas, 0);
    }
    Ok(())
}

#[tokio::test]
async fn retry_after_of_a_rate_limit_is_respected() -> Result {
    // the server accepts one request, so the retry finds no server
    let limited: Manners = |stream| refuse(stream, 429, "retry-after-ms: 1\r\n", "{}");
    let server = Server::start(limited)?;
    let model = Retrying::new(server.model()?).first_wait(Duration::from_millis(1));
    let error = model.chat(ask()).whole().await.err();
    assert!(matches!(error, Some(ModelError::Connection { .. })), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn unreachable_server_is_a_retryable_error() -> Result {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let model = Provider::at(&format!("http://127.0.0.1:{port}"), "small", None)?;
    let Err(error) = model.chat(ask()).whole().await else {
        return Err("the server should not answer".into());
    };
    assert!(
        matches!(&error, ModelError::Connection { reason } if reason.contains("refused")),
        "{error:?}"
    );
    assert!(error.is_retryable());
    Ok(())
}

#[test]
fn use_outside_tokio_is_an_error_and_not_a_panic() -> Result {
    let model = Provider::at("http://127.0.0.1:1", "small", None)?;
    let error = futures::executor::block_on(model.chat(ask()).whole()).err();
    assert!(matches!(error, Some(ModelError::Request { .. })), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn key_is_never_shown() -> Result {
    let trace = traced::Trace::default();
    let watching = trace.watch();
    let manners: Manners = |stream| refuse(stream, 400, "", &format!("bad key {KEY}"));
    let server = Server::start(manners)?;
    let error = server.model()?.chat(ask()).recorded().whole().await.err().ok_or("an error")?;
    assert_eq!(error.to_string(), "the provider refused with status 400: bad key [key]");
    let server = Server::start(|stream| {
        start_answer(stream)?;
        let error = serde_json::json!({ "error": { "message": KEY } });
        write!(stream, "data: {error}\n\n")
    })?;
    let error = server.model()?.chat(ask()).recorded().whole().await.err().ok_or("an error")?;
    assert_eq!(error.to_string(), "the provider gave up: [key]");
    drop(watching);
    let traced = trace.text();
    assert!(traced.contains("finish_reasons=failed"), "{traced}");
    assert!(!traced.contains(KEY), "{traced}");
    Ok(())
}
