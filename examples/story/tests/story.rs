//! The example offline: in the terminal, and over HTTP with a scripted model.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use burdock_llm::{Change, Grown, Model, Offline, Pace, Script, Scripted};
use burdock_serve::Server;
use burdock_sqlite::SqliteLog;
use futures::StreamExt;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use story::{
    graph::{Writing, WritingResources},
    page,
    story::{Mood, Story},
    terminal,
};
use tempfile::TempDir;

const ANSWER: [&str; 6] = [
    r#"{"title": "The "#,
    r#"Hill", "chapters": [{"heading": "Up", "#,
    r#""text": "She climbed."}, {"heading": "Down", "text": "She"#,
    r#" flew."}], "mood": "cheer"#,
    r#"ful", "rating": "#,
    "4}",
];

fn script() -> Script {
    ANSWER.into_iter().fold(Script::new(), Script::say)
}

#[tokio::test]
async fn a_story_is_written_in_the_terminal_without_a_model() {
    let mut out = Vec::new();
    let llm = Offline::with_pace(Pace::Instant);
    terminal::tell(&llm, None, &mut out).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.starts_with("A story about "), "{out}");
    let changes: Vec<Change<Story>> = out
        .lines()
        .filter_map(|line| serde_json::from_str(line.strip_prefix("  ")?).ok())
        .collect();
    let mut grown = Grown::<Story>::new();
    for change in &changes {
        grown.apply(change).unwrap();
    }
    let partial = grown.partial().unwrap();
    let title = partial.title.as_ref().unwrap();
    assert!(out.contains(&format!("\n{title} (")), "{out}");
    assert!(partial.rating.is_some() && out.contains("1 attempt(s), 0 repair(s)"), "{out}");
}

/// A server of the example with a scripted model.
struct Served {
    address: String,
    client: Client,
    _folder: TempDir,
}

impl Served {
    async fn with(scripts: impl IntoIterator<Item = Script>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(folder.path().join("story.db")).await.unwrap();
        let llm: Arc<dyn Model> = Arc::new(Scripted::new(scripts));
        let server = Server::builder(log, move |_| {
            Writing::app().resources(WritingResources { llm: Arc::clone(&llm) })
        })
        .build();
        let bound = burdock_serve::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = format!("http://{}", bound.address());
        let routes = page::routes().merge(server.router());
        tokio::spawn(bound.serve(routes, std::future::pending()));
        Self { address, client: Client::new(), _folder: folder }
    }

    async fn post(&self, path: &str, body: Value) -> Response {
        let request = self.client.post(format!("{}{path}", self.address)).json(&body);
        request.send().await.unwrap().error_for_status().unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        let request = self.client.get(format!("{}{path}", self.address));
        request.send().await.unwrap().error_for_status().unwrap()
    }

    async fn order(&self) {
        let order = json!({"subject": "a dragon", "chapters": 2});
        self.post("/sessions/one/runs?stream=false", order).await;
    }

    async fn state(&self) -> Value {
        let session: Value = self.get("/sessions/one").await.json().await.unwrap();
        session["state"].clone()
    }
}

/// Reads the events of a stream until one whose type ends with `last`.
async fn events(response: Response, last: &str) -> Vec<Value> {
    let mut bytes = response.bytes_stream();
    let (mut text, mut events) = (String::new(), Vec::new());
    while let Some(chunk) = bytes.next().await {
        text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        while let Some((line, rest)) = text.split_once('\n') {
            if let Some(data) = line.strip_prefix("data: ").or_else(|| line.strip_prefix("data:")) {
                let event: Value = serde_json::from_str(data).unwrap();
                let ends = event["type"].as_str().unwrap().ends_with(last);
                events.push(event);
                if ends {
                    return events;
                }
            }
            text = rest.to_owned();
        }
    }
    panic!("the stream ended before `{last}`: {events:#?}");
}

fn grown(events: &[Value]) -> Grown<Story> {
    let mut grown = Grown::new();
    for event in events.iter().filter(|event| event["type"] == "item") {
        let change: Change<Story> = serde_json::from_value(event["item"].clone()).unwrap();
        grown.apply(&change).unwrap();
    }
    grown
}

#[tokio::test]
async fn live_and_late_readers_grow_the_story_that_is_written() {
    let served = Served::with([script()]).await;
    served.order().await;
    // one reader follows, another one connects when the run is over
    for _ in 0..2 {
        let events = events(served.get("/sessions/one/events").await, "run_paused").await;
        assert_eq!(events[0]["inputs"], json!({"subject": "a dragon"}));
        let grown = grown(&events);
        let partial = serde_json::to_value(grown.partial().unwrap()).unwrap();
        let story: Story = serde_json::from_value(served.state().await["story"].clone()).unwrap();
        assert_eq!(partial, serde_json::to_value(&story).unwrap());
        assert_eq!((story.mood, story.rating), (Mood::Cheerful, 4));
    }
}

#[tokio::test]
async fn a_stop_keeps_the_partial_story_and_writes_none() {
    let half = ANSWER.into_iter().take(3).fold(Script::new(), Script::say).silence();
    let served = Served::with([half, script()]).await;
    served.order().await;
    let following = served.get("/sessions/one/events").await;
    let seen = events(served.get("/sessions/one/events").await, "item").await;
    assert!(!seen.is_empty());
    served.post("/sessions/one/stop", json!({})).await;
    let events_until_stop = events(following, "run_cancelled").await;
    let grown = grown(&events_until_stop);
    assert!(!grown.is_complete());
    assert!(served.state().await["story"].is_null());

    // a later resume calls the model again, and the first attempt does not count
    served.post("/sessions/one/resume?stream=false", json!({})).await;
    let events = events(served.get("/sessions/one/events").await, "run_paused").await;
    assert!(events.iter().any(|event| event["type"] == "items_superseded"));
    assert_eq!(served.state().await["story"]["title"], "The Hill");
}

#[tokio::test]
async fn the_page_is_served_beside_the_routes_of_the_graph() {
    let served = Served::with([]).await;
    for (path, kind) in
        [("/", "text/html"), ("/story.js", "text/javascript"), ("/story.css", "text/css")]
    {
        let file = served.get(path).await;
        assert!(file.headers()["content-type"].to_str().unwrap().starts_with(kind), "{path}");
        assert!(file.headers().contains_key("content-security-policy"), "{path}");
    }
    let graph: Value = served.get("/graph").await.json().await.unwrap();
    assert_eq!(graph["name"], "Writing");
}
