//! A server for one request, with the `OpenAI` protocol and configurable behavior.

use crate::Provider;
use std::{
    error::Error,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

pub(super) type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

pub(super) const KEY: &str = "sk-very-secret";

/// The behavior of the server after it has read a request.
pub(super) type Manners = fn(&mut TcpStream) -> io::Result<()>;

/// A server for one request.
pub(super) struct Server {
    pub(super) url: String,
    thread: thread::JoinHandle<io::Result<Received>>,
}

/// The request that the server received.
pub(super) struct Received {
    pub(super) head: String,
    pub(super) body: String,
    /// Whether the client had closed the connection when the server was done.
    pub(super) closed: bool,
    /// The time at which the server was done with the connection.
    pub(super) at: Instant,
}

impl Received {
    /// Asserts that the client closed the connection soon after this time.
    pub(super) fn assert_closed_soon_after(&self, moment: Instant) {
        assert!(self.closed);
        let took = self.at.saturating_duration_since(moment);
        // far less on an idle machine; the tests of limits send floods at the same time
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
}

impl Server {
    pub(super) fn start(
        manners: impl FnOnce(&mut TcpStream) -> io::Result<()> + Send + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/v1", listener.local_addr()?);
        let thread = thread::spawn(move || serve(&listener, manners));
        Ok(Self { url, thread })
    }

    pub(super) fn model(&self) -> Result<Provider> {
        Ok(Provider::at(&self.url, "small", Some(KEY))?)
    }

    /// Waits for the server without blocking the runtime that drives the client.
    pub(super) async fn received(self) -> Result<Received> {
        let joined = tokio::task::spawn_blocking(|| self.thread.join()).await?;
        Ok(joined.map_err(|_| "the server panicked")??)
    }
}

fn serve(
    listener: &TcpListener,
    manners: impl FnOnce(&mut TcpStream) -> io::Result<()>,
) -> io::Result<Received> {
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
    Ok(Received { head, body, closed, at: Instant::now() })
}

pub(super) fn start_answer(stream: &mut TcpStream) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes())
}

pub(super) fn say(stream: &mut TcpStream, text: &str) -> io::Result<()> {
    let choice = serde_json::json!({ "choices": [{ "index": 0, "delta": { "content": text } }] });
    write!(stream, "data: {choice}\n\n")
}

pub(super) fn say_three(stream: &mut TcpStream) -> io::Result<()> {
    start_answer(stream)?;
    for text in ["Hel", "lo, ", "wörld"] {
        say(stream, text)?;
    }
    Ok(())
}

pub(super) fn answer(stream: &mut TcpStream) -> io::Result<()> {
    say_three(stream)?;
    stream.write_all(b"data: [DONE]\n\n")
}

pub(super) fn break_off(stream: &mut TcpStream) -> io::Result<()> {
    say_three(stream)?;
    stream.shutdown(std::net::Shutdown::Write)
}

pub(super) fn give_up(stream: &mut TcpStream) -> io::Result<()> {
    say_three(stream)?;
    stream.write_all(b"data: {\"error\": {\"message\": \"overloaded\"}}\n\n")
}

/// Sends one event.
pub(super) fn send(stream: &mut TcpStream, data: &serde_json::Value) -> io::Result<()> {
    write!(stream, "data: {data}\n\n")
}

pub(super) fn refuse(
    stream: &mut TcpStream,
    status: u16,
    head: &str,
    body: &str,
) -> io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} No\r\ncontent-length: {length}\r\n{head}connection: close\r\n\r\n{body}"
    )
}
