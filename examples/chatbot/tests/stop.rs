//! A stop over HTTP closes the provider's connection: through the server, the run, the action and the
//! model.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test, which says what it measured"
)]

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Stdio,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::process::{Child, Command};

/// How long it may take until the provider sees that nobody listens any more.
const WITHIN: Duration = Duration::from_millis(100);

/// What a provider does behind the head of its answer.
type Manners = fn(&mut TcpStream);

/// A provider with the protocol of `OpenAI`, for one request.
struct Provider {
    url: String,
    /// When its connection was closed.
    closed: JoinHandle<Instant>,
}

impl Provider {
    fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let closed = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            read_request(&mut reader);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            let talking = thread::spawn(move || manners(&mut stream));
            // it ends, or is reset where something was left unread
            let ended = reader.read(&mut [0]).unwrap_or(0);
            let closed = Instant::now();
            assert_eq!(ended, 0, "nothing comes behind a request");
            talking.join().unwrap();
            closed
        });
        Self { url, closed }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
}

/// Says a word, if anybody listens.
fn say(stream: &mut TcpStream) -> bool {
    let choice = json!({ "choices": [{ "index": 0, "delta": { "content": "on " } }] });
    write!(stream, "data: {choice}\n\n").is_ok()
}

/// The example, which asks this provider.
struct Chatbot {
    url: String,
    client: Client,
    _child: Child,
    _folder: tempfile::TempDir,
}

impl Chatbot {
    async fn start(provider: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // a port that was free a moment ago
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = Command::new(env!("CARGO_BIN_EXE_chatbot"))
            .arg("--db")
            .arg(folder.path().join("chatbot.db"))
            .args(["--port", &port.to_string()])
            .env("BURDOCK_BASE_URL", provider)
            .env("BURDOCK_MODEL", "small")
            .env_remove("OPENAI_API_KEY")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (url, client) = (format!("http://127.0.0.1:{port}"), Client::new());
        while client.get(format!("{url}/health")).send().await.is_err() {
            assert!(child.try_wait().unwrap().is_none(), "the chatbot has ended");
            tokio::task::yield_now().await;
        }
        Self { url, client, _child: child, _folder: folder }
    }

    fn session(&self, path: &str) -> String {
        format!("{}/sessions/ada{path}", self.url)
    }

    async fn post(&self, path: &str, body: &Value) -> StatusCode {
        self.client.post(self.session(path)).json(body).send().await.unwrap().status()
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(self.session(path)).send().await.unwrap()
    }
}

/// What the server tells, event by event.
struct Events {
    answer: Response,
    text: String,
}

impl Events {
    /// Reads until one of this type.
    async fn until(&mut self, kind: &str) -> Value {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let data = block.lines().find_map(|line| line.strip_prefix("data: "));
                let event: Value = serde_json::from_str(data.unwrap_or("null")).unwrap();
                if event["type"] == kind {
                    return event;
                }
            }
            let Some(chunk) = self.answer.chunk().await.unwrap() else {
                panic!("the stream ended without `{kind}`");
            };
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

/// Stops a run in the middle of its answer; gives how long the provider was left talking.
async fn stop(manners: Manners) -> Duration {
    let provider = Provider::start(manners);
    let chatbot = Chatbot::start(&provider.url).await;
    let begun = chatbot.post("/chat", &json!({ "prompt": "what is a monad?" })).await;
    assert_eq!(begun, StatusCode::ACCEPTED);
    let mut events = Events { answer: chatbot.get("/chat/events").await, text: String::new() };
    events.until("item").await;

    let asked = Instant::now();
    assert!(chatbot.post("/stop", &Value::Null).await.is_success());
    let closed = tokio::task::spawn_blocking(|| provider.closed.join().unwrap()).await.unwrap();

    // the run came to its end, and what was shown is kept
    events.until("run_paused").await;
    let chat: Value = chatbot.get("/chat").await.json().await.unwrap();
    assert!(chat["messages"][1]["text"].as_str().unwrap().starts_with("on "), "{chat}");
    closed.saturating_duration_since(asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_closes_the_connection_of_a_model_that_talks_for_ever() {
    let took = stop(|stream| while say(stream) {}).await;
    println!("a model that talks: closed {took:?} after the stop was sent");
    assert!(took < WITHIN, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_closes_the_connection_of_a_model_that_thinks() {
    let took = stop(|stream| assert!(say(stream))).await;
    println!("a model that thinks: closed {took:?} after the stop was sent");
    assert!(took < WITHIN, "{took:?}");
}
