//! The example as a process, its event stream, and helpers for a fake provider.

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Stdio,
};
use tokio::process::{Child, Command};

/// Reads a request; returns its body.
pub(super) fn read_request(reader: &mut BufReader<TcpStream>) -> String {
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
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

/// Sends a delta; returns whether the client still reads.
pub(super) fn say(stream: &mut TcpStream, text: &str) -> bool {
    let choice = json!({ "choices": [{ "index": 0, "delta": { "content": text } }] });
    write!(stream, "data: {choice}\n\n").is_ok()
}

/// A chatbot process that uses the given provider.
pub(super) struct Chatbot {
    url: String,
    client: Client,
    child: Child,
    _folder: tempfile::TempDir,
}

impl Chatbot {
    pub(super) async fn start(provider: &str) -> Self {
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
        Self { url, client, child, _folder: folder }
    }

    fn session(&self, session: &str, path: &str) -> String {
        format!("{}/sessions/{session}{path}", self.url)
    }

    pub(super) async fn post(&self, session: &str, path: &str, body: &Value) -> StatusCode {
        self.client.post(self.session(session, path)).json(body).send().await.unwrap().status()
    }

    pub(super) async fn get(&self, session: &str, path: &str) -> Response {
        self.client.get(self.session(session, path)).send().await.unwrap()
    }

    /// Returns whether the server responds.
    pub(super) async fn is_healthy(&self) -> bool {
        let answer = self.client.get(format!("{}/health", self.url)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Returns the peak memory of the process in kB, if the system reports it.
    pub(super) fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    }
}

/// The event stream of a session.
pub(super) struct Events {
    answer: Response,
    text: String,
}

impl Events {
    pub(super) async fn of(chatbot: &Chatbot, session: &str) -> Self {
        Self { answer: chatbot.get(session, "/chat/events").await, text: String::new() }
    }

    /// Reads until an event of this type.
    pub(super) async fn until(&mut self, kind: &str) -> Value {
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
