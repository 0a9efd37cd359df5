//! A server on its own port, and a client that reads event streams.

use crate::graph::{Echo, EchoResources, Gate};
use burdock::log::{Log, MemoryLog, SessionId};
use burdock_serve::{ListenOptions, Server, ServerBuilder};
use reqwest::{Client, Response};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
};

pub struct Served {
    pub url: String,
    pub gate: Gate,
    pub client: Client,
    pub server: Server<Echo>,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<()>,
}

/// An event of a stream, as a client receives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    pub id: Option<String>,
    pub data: Value,
}

pub async fn serve() -> Served {
    serve_with(MemoryLog::new(), |server| server).await
}

pub async fn serve_with(
    log: impl Log,
    with: fn(ServerBuilder<Echo>) -> ServerBuilder<Echo>,
) -> Served {
    serve_on(ListenOptions::new(), log, with).await
}

pub async fn serve_on(
    options: ListenOptions,
    log: impl Log,
    with: fn(ServerBuilder<Echo>) -> ServerBuilder<Echo>,
) -> Served {
    let gate = Gate::default();
    let resources = gate.clone();
    let app = move |_: &SessionId| Echo::app().resources(EchoResources { gate: resources.clone() });
    let server = with(Server::builder(log, app)).build();
    let bound = options.bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let url = format!("http://{}", bound.address());
    let (stop, stopped) = oneshot::channel::<()>();
    let stop_serving = server.shutdown_on(async { drop(stopped.await) });
    let routes = server.chat_router();
    let task = tokio::spawn(async move { bound.serve(routes, stop_serving).await.unwrap() });
    // the feature `gzip` may be enabled by other packages of the workspace
    let client = Client::builder().no_gzip().build().unwrap();
    Served { url, gate, client, server, stop: Some(stop), task }
}

impl Served {
    pub async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.client.post(format!("{}{path}", self.url)).json(body).send().await.unwrap()
    }

    pub async fn run(&self, session: &str, text: &str) -> Response {
        self.post(&format!("/sessions/{session}/runs"), &serde_json::json!({ "text": text })).await
    }

    /// Opens a connection and sends only these bytes.
    pub async fn raw(&self, bytes: impl AsRef<[u8]>) -> TcpStream {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes.as_ref()).await.unwrap();
        stream
    }

    /// Shuts down and waits until every connection has ended.
    pub async fn shut_down(mut self) {
        drop(self.stop.take());
        self.task.await.unwrap();
    }
}

/// Reads a stream event by event.
pub struct Stream {
    response: Response,
    text: String,
}

impl Stream {
    pub fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200, "{response:?}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self { response, text: String::new() }
    }

    pub async fn next(&mut self) -> Option<Received> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = parse(block);
                self.text = String::from(rest);
                return Some(event);
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Returns the events up to and including the first one of a type.
    pub async fn until(&mut self, kind: &str) -> Vec<Received> {
        let mut events = Vec::new();
        while let Some(next) = self.next().await {
            events.push(next);
            if events.last().unwrap().data["type"] == kind {
                return events;
            }
        }
        panic!("no `{kind}` in {events:#?}");
    }

    pub async fn rest(mut self) -> Vec<Received> {
        let mut events = Vec::new();
        while let Some(next) = self.next().await {
            events.push(next);
        }
        assert_eq!(self.text, "", "incomplete event");
        events
    }
}

fn parse(block: &str) -> Received {
    let mut event = Received { id: None, data: Value::Null };
    for line in block.lines() {
        match line.split_once(": ").unwrap_or((line.trim_end_matches(':'), "")) {
            ("id", id) => event.id = Some(id.to_owned()),
            ("data", data) => event.data = serde_json::from_str(data).unwrap(),
            ("retry", time) => assert_eq!(time, "1000"),
            ("", "keep-alive") => {}
            other => panic!("{other:?} in {block:?}"),
        }
    }
    event
}

/// Returns the text that the server sends until it closes the connection.
pub async fn until_closed(mut stream: TcpStream) -> String {
    let (mut text, mut bytes) = (String::new(), [0; 1 << 12]);
    // a connection that is closed with unread bytes is reset
    while let Ok(read @ 1..) = stream.read(&mut bytes).await {
        text += &String::from_utf8_lossy(&bytes[..read]);
    }
    text
}

/// Returns the types of events; for items, their text.
pub fn kinds(events: &[Received]) -> Vec<String> {
    let kind = |event: &Received| match (
        event.data["type"].as_str().unwrap(),
        &event.data["item"]["text"],
    ) {
        ("item", Value::String(text)) => text.clone(),
        (kind, _) => kind.to_owned(),
    };
    events.iter().map(kind).collect()
}

/// Parses the events in a text.
pub fn parse_events(text: &str) -> Vec<Received> {
    text.trim_end().split("\n\n").map(parse).collect()
}

/// Returns the types of the events in a text; for items, their text.
pub fn kinds_of(text: &str) -> Vec<String> {
    kinds(&parse_events(text))
}

/// Returns the status and the code of a problem.
pub async fn problem(response: Response) -> (u16, String) {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status);
    assert!(!body["detail"].as_str().unwrap().is_empty());
    (status, body["code"].as_str().unwrap().to_owned())
}
