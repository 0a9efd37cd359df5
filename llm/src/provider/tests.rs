//! Providers against a server in this process with the protocol of `OpenAI`.

use crate::model::{Llm, Message, ModelError};
use futures_util::{StreamExt, TryStreamExt};
use std::{
    error::Error,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const KEY: &str = "sk-very-secret";

/// What the server does once it has read a request.
type Manners = fn(&mut TcpStream) -> io::Result<()>;

/// A server for one request.
struct Server {
    url: String,
    thread: thread::JoinHandle<io::Result<Received>>,
}

/// What the server has seen.
struct Received {
    head: String,
    body: String,
    /// Whether the client closed the connection when the server was done.
    closed: bool,
}

impl Server {
    fn start(manners: Manners) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/v1", listener.local_addr()?);
        let thread = thread::spawn(move || serve(&listener, manners));
        Ok(Self { url, thread })
    }

    fn llm(&self) -> Result<Llm> {
        Ok(choose(&[
            ("BURDOCK_BASE_URL", &self.url),
            ("BURDOCK_MODEL", "small"),
            ("OPENAI_API_KEY", KEY),
        ])?
        .0)
    }

    /// Waits for the server without blocking the runtime that drives the client.
    async fn received(self) -> Result<Received> {
        let joined = tokio::task::spawn_blocking(|| self.thread.join()).await?;
        Ok(joined.map_err(|_| "the server panicked")??)
    }
}

fn serve(listener: &TcpListener, manners: Manners) -> io::Result<Received> {
    let (mut stream, _) = listener.accept()?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let head = head.to_lowercase();
    let length = head.split_once("content-length:").and_then(|(_, rest)| rest.lines().next());
    let mut body = vec![0; length.and_then(|length| length.trim().parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    manners(&mut stream)?;
    let closed = match reader.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
    };
    Ok(Received { head, body, closed })
}

fn start_answer(stream: &mut TcpStream) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes())
}

fn say(stream: &mut TcpStream, text: &str) -> io::Result<()> {
    let choice = serde_json::json!({ "choices": [{ "index": 0, "delta": { "content": text } }] });
    write!(stream, "data: {choice}\n\n")
}

fn say_three(stream: &mut TcpStream) -> io::Result<()> {
    start_answer(stream)?;
    for text in ["Hel", "lo, ", "wörld"] {
        say(stream, text)?;
    }
    Ok(())
}

fn answer(stream: &mut TcpStream) -> io::Result<()> {
    say_three(stream)?;
    stream.write_all(b"data: [DONE]\n\n")
}

fn break_off(stream: &mut TcpStream) -> io::Result<()> {
    say_three(stream)?;
    stream.shutdown(std::net::Shutdown::Write)
}

fn give_up(stream: &mut TcpStream) -> io::Result<()> {
    say_three(stream)?;
    stream.write_all(b"data: {\"error\": {\"message\": \"overloaded\"}}\n\n")
}

fn refuse(stream: &mut TcpStream, status: u16, body: &str) -> io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} No\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn choose(settings: &[(&str, &str)]) -> std::result::Result<(Llm, String), ModelError> {
    Llm::choose(&|name| {
        let (_, value) = settings.iter().find(|(known, _)| *known == name)?;
        Some((*value).to_owned())
    })
}

/// The error of a chat with such a server, and whether words came before it.
async fn failure(manners: Manners) -> Result<(ModelError, usize)> {
    let server = Server::start(manners)?;
    let llm = server.llm()?;
    let mut words = 0;
    let mut chunks = match llm.chat("", &[Message::user("Hi")]).await {
        Ok(chunks) => chunks,
        Err(error) => return Ok((error, words)),
    };
    loop {
        match chunks.next().await {
            Some(Ok(_)) => words += 1,
            Some(Err(error)) if chunks.next().await.is_none() => return Ok((error, words)),
            other => return Err(format!("unexpected: {other:?}").into()),
        }
    }
}

#[tokio::test]
async fn an_answer_is_streamed_piece_by_piece() -> Result {
    let server = Server::start(answer)?;
    let history = [
        Message::user("Hi"),
        Message::assistant(""),
        Message::assistant("Yes?"),
        Message::user("Greet me"),
    ];
    let chunks = server.llm()?.chat("Be polite.", &history).await?;
    let chunks: Vec<String> = chunks.try_collect().await?;
    assert_eq!(chunks, ["Hel", "lo, ", "wörld"]);

    let received = server.received().await?;
    assert!(received.head.starts_with("post /v1/chat/completions "));
    assert!(received.head.contains(&format!("authorization: bearer {KEY}")));
    let body: serde_json::Value = serde_json::from_str(&received.body)?;
    assert_eq!(body["model"], "small");
    assert_eq!(body["stream"], true);
    let expected = serde_json::json!([
        { "role": "system", "content": "Be polite." },
        { "role": "user", "content": "Hi" },
        { "role": "assistant", "content": "Yes?" },
        { "role": "user", "content": "Greet me" },
    ]);
    assert_eq!(body["messages"], expected);
    Ok(())
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() -> Result {
    let server = Server::start(say_three)?;
    let mut chunks = server.llm()?.chat("", &[Message::user("Hi")]).await?;
    assert!(matches!(chunks.next().await, Some(Ok(text)) if text == "Hel"));
    drop(chunks);
    assert!(server.received().await?.closed);
    Ok(())
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error_that_can_be_retried() -> Result {
    let (error, words) = failure(break_off).await?;
    assert!(matches!(error, ModelError::Connection { .. }), "{error:?}");
    assert!(error.is_retryable());
    assert_eq!(words, 3);
    Ok(())
}

#[tokio::test]
async fn an_error_inside_the_answer_ends_it() -> Result {
    let (error, words) = failure(give_up).await?;
    assert_eq!(error.to_string(), "the provider gave up: overloaded");
    assert!(error.is_retryable());
    assert_eq!(words, 3);
    Ok(())
}

#[tokio::test]
async fn a_refusal_comes_before_the_stream_and_says_whether_to_retry() -> Result {
    let table: &[(Manners, &str, bool)] = &[
        (|stream| refuse(stream, 401, "{}"), "status 401: the key is not accepted", false),
        (
            |stream| refuse(stream, 404, r#"{"error":{"message":"no such model"}}"#),
            "status 404: no such model",
            false,
        ),
        (|stream| refuse(stream, 429, r#"{"error":"slow down"}"#), "status 429: slow down", true),
        (|stream| refuse(stream, 503, "<p>later</p>"), "status 503: <p>later</p>", true),
        (|stream| refuse(stream, 500, ""), "status 500: no reason given", true),
    ];
    for (manners, expected, retryable) in table {
        let (error, words) = failure(*manners).await?;
        assert!(error.to_string().ends_with(expected), "{error}");
        assert_eq!(error.is_retryable(), *retryable, "{error}");
        assert_eq!(words, 0);
    }
    Ok(())
}

#[tokio::test]
async fn no_key_is_ever_shown() -> Result {
    let (error, _) = failure(|stream| refuse(stream, 400, &format!("bad key {KEY}"))).await?;
    assert_eq!(error.to_string(), "the provider refused with status 400: bad key [key]");

    let shown = |settings: &[(&str, &str)]| choose(settings).map(|chosen| format!("{chosen:?}"));
    let base = "http://user:sk-very-secret@localhost:1/v1?key=sk-very-secret";
    for settings in [
        &[("ANTHROPIC_API_KEY", KEY)][..],
        &[
            ("OPENAI_API_KEY", KEY),
            ("BURDOCK_BASE_URL", "http://localhost:1"),
            ("BURDOCK_MODEL", "small"),
        ],
    ] {
        assert!(!shown(settings)?.contains(KEY), "{}", shown(settings)?);
    }
    let (llm, line) = choose(&[("BURDOCK_BASE_URL", base), ("BURDOCK_MODEL", "small")])?;
    assert_eq!(line, "online: the model `small` answers, at http://localhost:1/v1");
    assert!(!format!("{llm:?}").contains(KEY));

    let broken = "http://[::::]/?key=sk-very-secret";
    let (llm, _) = choose(&[("BURDOCK_BASE_URL", broken), ("BURDOCK_MODEL", "small")])?;
    let error = llm.chat("", &[Message::user("Hi")]).await.err();
    assert!(
        error.is_some_and(|error| !format!("{error:?}").contains(KEY) && !error.is_retryable())
    );
    Ok(())
}

#[test]
fn a_base_url_keeps_its_query_and_ends_its_path() {
    for (url, expected) in [
        ("http://h/v1", "http://h/v1/"),
        ("http://h/v1//", "http://h/v1/"),
        ("http://h/v1?version=2", "http://h/v1/?version=2"),
    ] {
        assert_eq!(super::as_folder(url), expected);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_can_be_retried() -> Result {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let url = format!("http://127.0.0.1:{port}");
    let (llm, _) = choose(&[("BURDOCK_BASE_URL", &url), ("BURDOCK_MODEL", "small")])?;
    let Err(error) = llm.chat("", &[Message::user("Hi")]).await else {
        return Err("nobody should answer".into());
    };
    assert!(
        matches!(&error, ModelError::Connection { reason } if reason.contains("refused")),
        "{error:?}"
    );
    assert!(error.is_retryable());
    Ok(())
}

#[test]
fn the_settings_choose_the_model() {
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[], "offline:"),
        (&[("OPENAI_API_KEY", KEY)], "online: the model `gpt-5.4-mini` answers, by way of OpenAI"),
        (
            &[("ANTHROPIC_API_KEY", KEY)],
            "online: the model `claude-haiku-4-5` answers, by way of Anthropic",
        ),
        (
            &[("GEMINI_API_KEY", KEY)],
            "online: the model `gemini-3.5-flash-lite` answers, by way of Gemini",
        ),
        (
            &[("GEMINI_API_KEY", KEY), ("BURDOCK_MODEL", "gemini-9")],
            "online: the model `gemini-9` answers",
        ),
        (
            &[("BURDOCK_MODEL", "llama3.2")],
            "online: the model `llama3.2` answers, by way of Ollama",
        ),
        (
            &[("GEMINI_API_KEY", KEY), ("BURDOCK_MODEL", "gpt-9")],
            "`OPENAI_API_KEY` must be set to use the model `gpt-9`",
        ),
        (
            &[("BURDOCK_BASE_URL", "http://localhost")],
            "`BURDOCK_MODEL` must be set to use `BURDOCK_BASE_URL`",
        ),
        (
            &[("BURDOCK_BASE_URL", "localhost"), ("BURDOCK_MODEL", "m")],
            "`BURDOCK_BASE_URL` must be a URL",
        ),
    ];
    for (settings, expected) in table {
        let line = choose(settings).map_or_else(|error| error.to_string(), |(_, line)| line);
        assert!(line.starts_with(expected), "{settings:?}: {line}");
    }
}
