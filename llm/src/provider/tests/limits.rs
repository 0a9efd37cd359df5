//! Providers that go past each limit, while an honest one is asked in the same thread.

use super::{
    ask,
    server::{Result, Server, answer, say, say_three, send, start_answer},
};
use crate::{Chunk, Model, ModelError, Provider, Reason};
use flate2::{Compress, Compression, FlushCompress, write::GzEncoder};
use futures::StreamExt;
use serde_json::json;
use std::{
    io::{self, Write},
    net::TcpStream,
    sync::mpsc,
    time::Duration,
};

/// How much a bad provider would send.
const FLOOD: usize = 300 << 20;
const PART: usize = 1 << 20;

/// An outcome of a bad provider: the text, and how it ended.
type Outcome = (String, std::result::Result<Reason, ModelError>);

/// Asks a bad provider and, meanwhile, an honest one, whose whole answer arrives before the bad one's
/// has ended.
async fn outcome(
    manners: impl FnOnce(&mut TcpStream) -> io::Result<()> + Send + 'static,
    limit: impl FnOnce(Provider) -> Provider,
) -> Result<Outcome> {
    let (start, started) = mpsc::channel::<()>();
    let bad = Server::start(move |stream| {
        started.recv().map_err(|_| io::ErrorKind::Other)?;
        manners(stream)
    })?;
    let honest = Server::start(answer)?;
    let mut flood = limit(bad.model()?).chat(ask());
    let model = honest.model()?;
    let meanwhile = async {
        let mut calm = model.chat(ask());
        start.send(())?;
        let mut text = String::new();
        while let Some(chunk) = calm.next().await {
            text.push_str(chunk?.text().unwrap_or_default());
        }
        Ok::<_, Box<dyn std::error::Error>>(text)
    };
    let read = async {
        let mut text = String::new();
        loop {
            match flood.next().await {
                Some(Ok(Chunk::Delta(delta))) => text.push_str(&delta),
                Some(Ok(Chunk::ToolCall(_))) => {}
                Some(Ok(Chunk::End(end))) => return (text, Ok(end.reason)),
                Some(Err(error)) => return (text, Err(error)),
                None => return (text, Ok(Reason::Truncated)),
            }
        }
    };
    let (outcome, honest) = futures::join!(read, meanwhile);
    assert_eq!(honest?, "Hello, wörld");
    assert!(flood.next().await.is_none());
    Ok(outcome)
}

fn no_limit(provider: Provider) -> Provider {
    provider
}

/// Sends a part again and again, until the client has had enough.
fn flood(stream: &mut TcpStream, part: &[u8]) -> io::Result<()> {
    for _ in 0..FLOOD / PART {
        if stream.write_all(part).is_err() {
            return Ok(());
        }
    }
    Err(io::Error::other("the client took all of it"))
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// A part of a packed stream, which can be sent again and again behind its head.
fn packed_part(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::with_capacity(bytes.len() + 100);
    Compress::new(Compression::fast(), false).compress_vec(
        bytes,
        &mut packed,
        FlushCompress::Full,
    )?;
    Ok(packed)
}

const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

fn start_gzip(stream: &mut TcpStream) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\n\
                connection: close\r\n\r\n";
    stream.write_all(head.as_bytes())
}

#[tokio::test]
async fn a_line_without_an_end_fails_at_the_default_limit() -> Result {
    let (text, error) = outcome(
        |stream| {
            say_three(stream)?;
            flood(stream, &vec![b'x'; PART])
        },
        no_limit,
    )
    .await?;
    let limit = 4 << 20;
    assert_eq!(text, "Hello, wörld");
    assert_eq!(error, Err(ModelError::Oversized { what: "a line or an event", limit }));
    Ok(())
}

#[tokio::test]
async fn a_packed_line_without_an_end_fails_at_the_default_limit() -> Result {
    let (text, error) = outcome(
        |stream| {
            start_gzip(stream)?;
            stream.write_all(&GZIP_HEAD)?;
            // 300 MiB unpacked are less than 2 MiB on the wire, and may all have been sent by then
            let _ = stream.write_all(&packed_part(&vec![b'x'; PART])?.repeat(FLOOD / PART));
            Ok(())
        },
        no_limit,
    )
    .await?;
    assert_eq!(text, "");
    assert!(matches!(error, Err(ModelError::Oversized { limit: 0x0040_0000, .. })), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn a_packed_answer_is_unpacked() -> Result {
    let (text, end) = outcome(
        |stream| {
            start_gzip(stream)?;
            let choice = json!({ "delta": { "content": "packed" }, "finish_reason": "stop" });
            let event = format!("data: {}\n\n", json!({ "choices": [choice] }));
            stream.write_all(&gzip(event.as_bytes())?)?;
            stream.shutdown(std::net::Shutdown::Write)
        },
        no_limit,
    )
    .await?;
    assert_eq!((text.as_str(), end), ("packed", Ok(Reason::Complete)));
    Ok(())
}

#[tokio::test]
async fn an_answer_packed_in_another_way_is_refused() -> Result {
    let (_, error) = outcome(
        |stream| {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-encoding: br\r\nconnection: close\r\n\r\nxx")
        },
        no_limit,
    )
    .await?;
    let message = error.err().map(|error| error.to_string());
    let expected = "the provider gave up: its answer is packed with `br`, which was not asked for";
    assert_eq!(message.as_deref(), Some(expected));
    Ok(())
}

#[tokio::test]
async fn a_line_fails_at_the_limit_that_was_set() -> Result {
    let say_long = |stream: &mut TcpStream| {
        start_answer(stream)?;
        say(stream, &"x".repeat(500))?;
        say(stream, &"x".repeat(2000))
    };
    let (text, error) = outcome(say_long, |provider| provider.line_at_most(1000)).await?;
    assert_eq!(text.len(), 500);
    assert_eq!(error, Err(ModelError::Oversized { what: "a line or an event", limit: 1000 }));
    Ok(())
}

#[tokio::test]
async fn a_body_fails_at_the_limit_that_was_set() -> Result {
    for is_packed in [false, true] {
        let nothing = json!({ "choices": [{ "delta": {} }] });
        let events = format!("data: {nothing}\n\n").repeat(1000);
        let manners = move |stream: &mut TcpStream| {
            // events that say nothing are neither silence nor text
            let part = if is_packed {
                start_gzip(stream)?;
                stream.write_all(&GZIP_HEAD)?;
                packed_part(events.as_bytes())?
            } else {
                start_answer(stream)?;
                events.into_bytes()
            };
            while stream.write_all(&part).is_ok() {}
            Ok(())
        };
        let (text, error) = outcome(manners, |provider| provider.body_at_most(1 << 20)).await?;
        assert_eq!(text, "");
        assert_eq!(error, Err(ModelError::Oversized { what: "an answer", limit: 1 << 20 }));
    }
    Ok(())
}

#[tokio::test]
async fn text_thoughts_and_calls_end_at_the_limit_that_was_set() -> Result {
    let text = json!({ "content": "on and " });
    let thoughts = json!({ "reasoning_content": "hmm ".repeat(100) });
    let more = json!({ "index": 0, "function": { "name": "f", "arguments": "1, ".repeat(100) } });
    let calls = json!({ "tool_calls": [more] });
    let many = json!({ "tool_calls": [{ "function": { "name": "f", "arguments": "{}" } }] });
    for (delta, expected) in [(text, 1000), (thoughts, 0), (calls, 0), (many, 0)] {
        let manners = move |stream: &mut TcpStream| {
            start_answer(stream)?;
            while send(stream, &json!({ "choices": [{ "delta": delta }] })).is_ok() {}
            Ok(())
        };
        let (text, end) = outcome(manners, |provider| provider.at_most(1000)).await?;
        assert_eq!((text.len(), end), (expected, Ok(Reason::Limit)));
    }
    Ok(())
}

#[tokio::test]
async fn silence_fails_at_the_limit_that_was_set() -> Result {
    let limit = Duration::from_millis(100);
    let (text, error) = outcome(say_three, |provider| provider.silent_for(limit)).await?;
    assert_eq!((text.as_str(), error), ("Hello, wörld", Err(ModelError::Silent { limit })));
    Ok(())
}

#[tokio::test]
async fn a_long_message_of_a_refusal_is_not_read_to_its_end() -> Result {
    let (_, error) = outcome(
        |stream| {
            write!(stream, "HTTP/1.1 500 No\r\nconnection: close\r\n\r\n")?;
            flood(stream, &vec![b'x'; PART])
        },
        no_limit,
    )
    .await?;
    assert!(matches!(error, Err(ModelError::Refused { status: 500, .. })), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn time_in_which_the_answer_is_not_polled_is_not_silence() -> Result {
    let (go_on, goes_on) = mpsc::channel::<()>();
    let server = Server::start(move |stream| {
        say_three(stream)?;
        goes_on.recv().map_err(|_| io::ErrorKind::Other)?;
        say(stream, "!")?;
        stream.write_all(b"data: [DONE]\n\n")
    })?;
    let mut answer = server.model()?.silent_for(Duration::from_mins(1)).chat(ask());
    for _ in 0..3 {
        assert!(matches!(answer.next().await, Some(Ok(Chunk::Delta(_)))));
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_mins(10)).await;
    tokio::time::resume();
    go_on.send(())?;
    let rest = answer.whole().await?;
    assert_eq!((rest.text.as_str(), rest.end.reason), ("!", Reason::Complete));
    Ok(())
}
