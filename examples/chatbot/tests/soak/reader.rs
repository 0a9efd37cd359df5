//! One who talks: prompts, reads, stops, leaves in the middle and comes back.

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
    /// The ids of what was seen, in order.
    seen: Vec<String>,
    /// Prompts and answers, as the events tell them.
    said: Vec<(String, String)>,
    /// What the step that is under way has shown.
    shown: Vec<String>,
}

/// How reading went on.
enum Read {
    /// A run came to an end.
    Over,
    /// The connection broke, or was left.
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
            said: Vec::new(),
            shown: Vec::new(),
        }
    }

    pub fn session(&self) -> &str {
        &self.session
    }

    pub fn seen(&self) -> &[String] {
        &self.seen
    }

    pub fn said(&self) -> Vec<(String, String)> {
        self.said.clone()
    }

    /// Prompts and reads three times.
    pub async fn talk(&mut self) {
        for _ in 0..3 {
            let prompt = PROMPTS[self.roll(PROMPTS.len())];
            self.ask(prompt).await;
            while !self.read().await {}
        }
    }

    /// What the server says that was said.
    pub async fn history(&self) -> Vec<(String, String)> {
        let chat: Value = self.get("/chat").await.json().await.unwrap();
        let message = |message: &Value| {
            let part = |name| message[name].as_str().unwrap().to_owned();
            (part("role"), part("text"))
        };
        chat["messages"].as_array().unwrap().iter().map(message).collect()
    }

    /// Begins a run; when the server dies meanwhile, the run may have begun.
    async fn ask(&mut self, prompt: &str) {
        let body = json!({ "prompt": prompt });
        loop {
            self.chatbot.up().await;
            let path = self.path("/chat");
            match self.client.post(path).json(&body).send().await.map(|answer| answer.status()) {
                Ok(StatusCode::ACCEPTED) => return,
                // it had a run go on whose stop it had not read yet
                Ok(StatusCode::CONFLICT) => while !self.read().await {},
                Ok(status) => panic!("{}: {status}", self.session),
                Err(_) if self.has_begun().await => return,
                Err(_) => {}
            }
        }
    }

    /// Whether there is a run of which not everything was seen.
    async fn has_begun(&self) -> bool {
        let shown = self.get("").await;
        if shown.status() == StatusCode::NOT_FOUND {
            return false;
        }
        let shown: Value = shown.json().await.unwrap();
        shown["run"].as_u64().unwrap() > self.runs()
    }

    fn runs(&self) -> u64 {
        self.said.iter().filter(|(role, _)| role == "user").count() as u64
    }

    /// Has a run go on that the server's death interrupted.
    async fn go_on(&self) {
        let shown = self.get("").await;
        if shown.status() == StatusCode::NOT_FOUND {
            return;
        }
        let shown: Value = shown.json().await.unwrap();
        if shown["running"] == false && shown["position"]["at"] == "unfinished" {
            let path = self.path("/resume?stream=false");
            // whoever comes first; if the server dies again, the next turn sees it
            drop(self.client.post(path).send().await);
        }
    }

    /// Follows from where it is; tells whether the run is over.
    async fn read(&mut self) -> bool {
        self.chatbot.up().await;
        let mut request = self.client.get(self.path("/chat/events"));
        if let Some(last) = self.seen.last() {
            request = request.header("last-event-id", last);
        }
        // leaves after so many events, one time in two
        let leaves = if self.roll(2) == 0 { Some(1 + self.roll(8)) } else { None };
        let stops = if self.roll(4) == 0 { Some(1 + self.roll(8)) } else { None };
        match request.send().await {
            Ok(answer) if answer.status() == StatusCode::OK => {
                // only now: should this server die as well, the stream breaks
                self.go_on().await;
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

    /// Whether nothing follows the end of a run that was seen last: after a stop, the run may have been
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

    /// Takes one event; tells whether a run ended with it.
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
                self.said.push(("user".into(), prompt));
            }
            "item" => self.shown.push(data["text"].as_str().unwrap().to_owned()),
            "items_superseded" => {
                let items = usize::try_from(data["items"].as_u64().unwrap()).unwrap();
                self.shown.truncate(self.shown.len() - items);
            }
            "step_committed" if !self.shown.is_empty() => {
                self.said.push(("assistant".into(), self.shown.concat()));
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

    /// Asks until the server answers.
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
