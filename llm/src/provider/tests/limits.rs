//! Providers that exceed each limit, while a well-behaved one is queried on the same thread.

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

/// The amount of data that a bad provider would send.
const FLOOD: usize = 300 << 20;
const PART: usize = 1 << 20;

/// The outcome of a bad provider: the text, and how it ended.
type Outcome = (String, std::result::Result<Reason, ModelError>);

/// Queries a bad provider and, at the same time, a well-behaved one, whose whole answer must arrive
/// before the bad one's has ended.
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
                Some(Ok(Chunk::ToolCallDelta(_) | Chunk::ToolCall(_))) => {}
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

/// Sends a part repeatedly, until the client closes the connection.
fn flood(stream: &mut TcpStream, part: &[u8]) -> io::Result<()> {
    for _ in 0..FLOOD / PART {
        if stream.write_all(part).is_err() {
            return Ok(());
        }
    }
    Err(io::Error::other("the client read everything"))
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Returns a part of a gzip stream, which can be repeated after the stream's header.
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
async fn endless_line_fails_at_the_default_limit() -> Result {
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
async fn endless_compressed_line_fails_at_the_default_limit() -> Result {
    let (text, error) = outcome(
        |stream| {
            start_gzip(stream)?;
            stream.write_all(&GZIP_HEAD)?;
            // 300 MiB are less than 2 MiB compressed, and may all have been sent by then
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
async fn compressed_answer_is_decompressed() -> Result {
    let (text, end) = outcome(
        |stream| {
            start_gzip(stream)?;
            let choice = json!({ "delta": { "content": "compressed" }, "finish_reason": "stop" });
            let event = format!("data: {}\n\n", json!({ "choices": [choice] }));
            stream.write_all(&gzip(event.as_bytes())?)?;
            stream.shutdown(std::net::Shutdown::Write)
        },
        no_limit,
    )
    .await?;
    assert_eq!((text.as_str(), end), ("compressed", Ok(Reason::Complete)));
    Ok(())
}

#[tokio::test]
async fn answer_with_an_unrequested_encoding_is_rejected() -> Result {
    let (_, error) = outcome(
        |stream| {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-encoding: br\r\nconnection: close\r\n\r\nxx")
        },
        no_limit,
    )
    .await?;
    let message = error.err().map(|error| error.to_string());
    let expected =
        "the provider gave up: its answer has the content encoding `br`, which was not requested";
    assert_eq!(message.as_deref(), Some(expected));
    Ok(())
}

#[tokio::test]
async fn line_fails_at_the_configured_limit() -> Result {
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
async fn body_fails_at_the_configured_limit() -> Result {
    for is_packed in [false, true] {
        let nothing = json!({ "choices": [{ "delta": {} }] });
        let events = format!("data: {nothing}\n\n").repeat(1000);
        let manners = move |stream: &mut TcpStream| {
            // events without content are neither silence nor text
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
async fn text_reasoning_and_calls_end_at_the_configured_limit() -> Result {
    let text = json!({ "content": "on and " });
    let reasoning = json!({ "reasoning_content": "hmm ".repeat(100) });
    let more = json!({ "index": 0, "function": { "name": "f", "arguments": "1, ".repeat(100) } });
    let calls = json!({ "tool_calls": [more] });
    let many = json!({ "tool_calls": [{ "function": { "name": "f", "arguments": "{}" } }] });
    for (delta, expected) in [(text, 1000), (reasoning, 0), (calls, 0), (many, 0)] {
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
async fn silence_fails_at_the_configured_limit() -> Result {
    let limit = Duration::from_millis(100);
    let (text, error) = outcome(say_three, |provider| provider.silent_for(limit)).await?;
    assert_eq!((text.as_str(), error), ("Hello, wörld", Err(ModelError::Silent { limit })));
    Ok(())
}

#[tokio::test]
async fn long_error_response_is_not_read_to_its_end() -> Result {
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
    let (resume, resumed) = mpsc::channel::<()>();
    let server = Server::start(move |stream| {
        say_three(stream)?;
        resumed.recv().map_err(|_| io::ErrorKind::Other)?;
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
    resume.send(())?;
    let rest = answer.whole().await?;
    assert_eq!((rest.text.as_str(), rest.end.reason), ("!", Reason::Complete));
    Ok(())
}
