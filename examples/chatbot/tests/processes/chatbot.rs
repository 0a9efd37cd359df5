//! A chatbot process and a client for it.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

pub struct Chatbot {
    url: String,
    client: Client,
    /// Killed on drop.
    _child: Child,
}

/// The result of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Accepted; the stream ended with the end of its run.
    Finished,
    /// Accepted; another process took the session over.
    Interrupted,
    Refused,
}

impl Chatbot {
    pub async fn start(place: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chatbot"))
            .args(["--db", place, "--port", "0"])
            .env("BURDOCK_PACE", "instant")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if line.starts_with("http://") {
                break line.trim_end_matches('/').to_owned();
            }
        };
        Self { url, client: Client::new(), _child: child }
    }

    /// Sends a prompt and reads its stream to the end.
    pub async fn say(&self, session: &str, prompt: &str) -> Answer {
        let url = format!("{}/sessions/{session}/chat", self.url);
        let body = json!({ "prompt": prompt });
        let response = self.client.post(&url).json(&body).send().await.unwrap();
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        if status != StatusCode::ACCEPTED {
            let code = body["code"].as_str().unwrap();
            // `may_have_started` is not expected: the log of this test does not fail
            let refusals = ["running", "fenced", "unavailable"];
            assert!(refusals.contains(&code), "{status} {body}");
            return Answer::Refused;
        }
        self.read(session, body["cursor"].as_str().unwrap(), prompt).await
    }

    async fn read(&self, session: &str, cursor: &str, prompt: &str) -> Answer {
        let url = format!("{}/sessions/{session}/chat/events?until=run&from={cursor}", self.url);
        let response = self.client.get(&url).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{session} {cursor} {prompt}");
        let text = response.text().await.unwrap();
        let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let events: Vec<Value> = events.map(|data| serde_json::from_str(data).unwrap()).collect();
        let started: Vec<_> =
            events.iter().filter(|event| event["type"] == "run_started").collect();
        assert_eq!(events.first(), started.first().copied(), "{prompt}: {text}");
        assert_eq!(started.len(), 1, "{prompt}: another run is in its stream: {text}");
        assert_eq!(started[0]["prompt"], prompt);
        let last = events.last().unwrap();
        if last["type"] == "error" {
            assert_eq!(last["code"], "interrupted", "{prompt}: {last}");
            return Answer::Interrupted;
        }
        assert_eq!(last["type"], "run_paused", "{prompt}: {last}");
        Answer::Finished
    }
}
