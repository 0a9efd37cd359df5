//! A client that sends prompts, reads, stops, disconnects and reconnects.

use crate::server::Chatbot;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

const PROMPTS: [&str; 4] =
    ["what is a monad?", "write code for fizzbuzz", "something unsafe", "tell me about rust"];

pub struct Reader {
    chatbot: Arc<Chatbot>,
    client: Client,
    session: String,
    dice: u64,
    /// The ids of the events seen, in order.
    seen: Vec<String>,
    /// Prompts and answers, from the events.
    messages: Vec<(String, String)>,
    /// The items of the step in progress.
    shown: Vec<String>,
}

/// How reading ended.
enum Read {
    /// A run ended.
    Over,
    /// The connection broke, or was closed.
    Broken,
}

impl Reader {
    pub fn new(chatbot: &Arc<Chatbot>, number: u64) -> Self {
        Self {
            chatbot: Arc::clone(chatbot),
            client: Client::new(),
            session: format!("s{number}"),
            dice: number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            seen: Vec::new(),
            messages: Vec::new(),
            shown: Vec::new(),
        }
    }

    pub fn session(&self) -> &str {
        &self.session
    }

    pub fn seen(&self) -> &[String] {
        &self.seen
    }

    pub fn messages(&self) -> Vec<(String, String)> {
        self.messages.clone()
    }

    /// Sends three prompts and reads their runs.
    pub async fn talk(&mut self) {
        for _ in 0..3 {
            let prompt = PROMPTS[self.roll(PROMPTS.len())];
            self.ask(prompt).await;
            while !self.read().await {}
        }
    }

    /// Returns the history according to the server.
    pub async fn history(&self) -> Vec<(String, String)> {
        let chat: Value = self.get("/chat").await.json().await.unwrap();
        let message = |message: &Value| {
            let part = |name| message[name].as_str().unwrap().to_owned();
            (part("role"), part("text"))
        };
        chat["messages"].as_array().unwrap().iter().map(message).collect()
    }

    /// Starts a run; if the server dies meanwhile, the run may have started.
    async fn ask(&mut self, prompt: &str) {
        let body = json!({ "prompt": prompt });
        loop {
            self.chatbot.up().await;
            let path = self.path("/chat");
            match self.client.post(path).json(&body).send().await.map(|answer| answer.status()) {
                Ok(StatusCode::ACCEPTED) => return,
                // a run whose stop it had not read yet was resumed
                Ok(StatusCode::CONFLICT) => while !self.read().await {},
                Ok(status) => panic!("{}: {status}", self.session),
                Err(_) if self.has_started().await => return,
                Err(_) => {}
            }
        }
    }

    /// Returns whether there is a run that was not read completely.
    async fn has_started(&self) -> bool {
        let shown = self.get("").await;
        if shown.status() == StatusCode::NOT_FOUND {
            return false;
        }
        let shown: Value = shown.json().await.unwrap();
        shown["run"].as_u64().unwrap() > self.runs()
    }

    fn runs(&self) -> u64 {
        self.messages.iter().filter(|(role, _)| role == "user").count() as u64
    }

    /// Resumes a run that the server's death interrupted.
    async fn resume(&self) {
        let shown = self.get("").await;
        if shown.status() == StatusCode::NOT_FOUND {
            return;
        }
        let shown: Value = shown.json().await.unwrap();
        if shown["running"] == false && shown["position"]["at"] == "unfinished" {
            let path = self.path("/resume?stream=false");
            // another reader may be faster; if the server dies again, the next read tries again
            drop(self.client.post(path).send().await);
        }
    }

    /// Follows from the last event seen; returns whether the run is over.
    async fn read(&mut self) -> bool {
        self.chatbot.up().await;
        let mut request = self.client.get(self.path("/chat/events"));
        if let Some(last) = self.seen.last() {
            request = request.header("last-event-id", last);
        }
        // disconnects after a random number of events, half of the time
        let leaves = if self.roll(2) == 0 { Some(1 + self.roll(8)) } else { None };
        let stops = if self.roll(4) == 0 { Some(1 + self.roll(8)) } else { None };
        match request.send().await {
            Ok(answer) if answer.status() == StatusCode::OK => {
                // after the stream is open: if this server dies as well, the stream breaks
                self.resume().await;
                matches!(self.take(answer, leaves, stops).await, Read::Over)
            }
            Ok(answer) if answer.status() == StatusCode::NOT_FOUND => false,
            Ok(answer) => panic!("{}: {answer:?}", self.session),
            Err(_) => false,
        }
    }

    async fn take(
        &mut self,
        mut answer: Response,
        leaves: Option<usize>,
        stops: Option<usize>,
    ) -> Read {
        let (mut text, mut count) = (String::new(), 0);
        while let Ok(Some(chunk)) = answer.chunk().await {
            text.push_str(std::str::from_utf8(&chunk).unwrap());
            while let Some((block, rest)) = text.split_once("\n\n") {
                let ended = self.event(block);
                text = rest.to_owned();
                count += 1;
                self.chatbot.count();
                if ended && self.is_last().await {
                    return Read::Over;
                }
                if Some(count) == stops {
                    drop(self.client.post(self.path("/stop")).send().await);
                }
                if Some(count) == leaves {
                    return Read::Broken;
                }
            }
        }
        Read::Broken
    }

    /// Returns whether nothing follows the last event, the end of a run: after a stop, the run may have been
    /// resumed since.
    async fn is_last(&self) -> bool {
        let last = self.seen.last().unwrap();
        loop {
            self.chatbot.up().await;
            let request = self.client.get(self.path("/chat/events?until=run"));
            match request.header("last-event-id", last).send().await.map(|answer| answer.status()) {
                Ok(StatusCode::NO_CONTENT) => return true,
                Ok(StatusCode::OK) => return false,
                Ok(status) => panic!("{}: {status}", self.session),
                Err(_) => {}
            }
        }
    }

    /// Handles one event; returns whether a run ended with it.
    fn event(&mut self, block: &str) -> bool {
        let line = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        let Some(data) = line("data: ") else { return false };
        let data: Value = serde_json::from_str(data).unwrap();
        if let Some(id) = line("id: ") {
            self.seen.push(id.to_owned());
        }
        match data["type"].as_str().unwrap() {
            "run_started" => {
                let prompt = data["prompt"].as_str().unwrap().to_owned();
                self.messages.push(("user".into(), prompt));
            }
            "item" => self.shown.push(data["text"].as_str().unwrap().to_owned()),
            "items_superseded" => {
                let items = usize::try_from(data["items"].as_u64().unwrap()).unwrap();
                self.shown.truncate(self.shown.len() - items);
            }
            "step_committed" if !self.shown.is_empty() => {
                self.messages.push(("assistant".into(), self.shown.concat()));
                self.shown.clear();
            }
            "rewound" => panic!("{}: {data}", self.session),
            "run_paused" | "run_failed" | "run_stopped" | "run_cancelled" => {
                return true;
            }
            _ => {}
        }
        false
    }

    /// Sends the request until the server responds.
    async fn get(&self, path: &str) -> Response {
        loop {
            self.chatbot.up().await;
            if let Ok(answer) = self.client.get(self.path(path)).send().await {
                return answer;
            }
        }
    }

    fn path(&self, rest: &str) -> String {
        self.chatbot.url(&format!("/sessions/{}{rest}", self.session))
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        usize::try_from(self.dice % sides as u64).unwrap()
    }
}
