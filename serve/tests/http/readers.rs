//! Many readers and slow readers, without sockets, so that tests control the time.

use crate::{
    client::kinds_of,
    graph::{Echo, EchoResources, Gate},
};
use axum::{
    Router,
    body::{Body, BodyDataStream},
    http::Request,
};
use burdock::log::{MemoryLog, SessionId};
use burdock_serve::{Server, ServerBuilder};
use futures_util::StreamExt;
use serde_json::json;
use std::time::Duration;
use tower::ServiceExt;

fn server() -> (ServerBuilder<Echo>, Gate) {
    let gate = Gate::default();
    let resources = gate.clone();
    let app = move |_: &SessionId| Echo::app().resources(EchoResources { gate: resources.clone() });
    (Server::builder(MemoryLog::new(), app), gate)
}

async fn run(routes: &Router, text: &str) -> BodyDataStream {
    let request = Request::post("/sessions/a/runs").header("content-type", "application/json");
    let request = request.body(Body::from(json!({ "text": text }).to_string())).unwrap();
    let answer = routes.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.into_body().into_data_stream()
}

async fn follow(routes: &Router, query: &str) -> BodyDataStream {
    let request = Request::get(format!("/sessions/a/events{query}"));
    let answer = routes.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.into_body().into_data_stream()
}

/// Returns the rest of a stream.
async fn rest(mut stream: BodyDataStream) -> String {
    let mut text = String::new();
    while let Some(bytes) = stream.next().await {
        text.push_str(std::str::from_utf8(&bytes.unwrap()).unwrap());
    }
    text
}

#[tokio::test]
async fn ten_thousand_waiting_readers_receive_the_same_events() {
    let (server, gate) = server();
    let routes = server.max_readers(10_001).max_total_readers(10_001).build().router();
    let mut first = run(&routes, "one wait! two").await;
    let mut seen = String::new();
    while !seen.contains("ONE") {
        seen += std::str::from_utf8(&first.next().await.unwrap().unwrap()).unwrap();
    }
    let mut readers = Vec::new();
    for _ in 0..10_000 {
        let mut reader = follow(&routes, "?until=run&from=1.0").await;
        // the recorded events; from here on the reader waits
        let start = reader.next().await.unwrap().unwrap();
        readers.push((start, reader));
    }
    gate.0.add_permits(1);
    let all = seen + &rest(first).await;
    assert_eq!(kinds_of(&all).last().map(String::as_str), Some("run_paused"));
    for (start, reader) in readers {
        let text = String::from_utf8(start.to_vec()).unwrap() + &rest(reader).await;
        assert_eq!(text, all);
    }
}

#[tokio::test(start_paused = true)]
async fn slow_reader_is_disconnected_and_continues_from_its_cursor() {
    let (server, _) = server();
    let routes = server.reader_timeout(Duration::from_secs(10)).build().router();
    // more than one chunk
    let text = "word ".repeat(2_000);
    rest(run(&routes, &text).await).await;
    let mut slow = follow(&routes, "?until=run").await;
    let start = slow.next().await.unwrap().unwrap();
    tokio::time::advance(Duration::from_secs(9)).await;
    let more = slow.next().await.unwrap().unwrap();
    tokio::time::advance(Duration::from_secs(11)).await;
    let end = rest(slow).await;
    assert!(end.contains(r#"{"type":"error","code":"lagged""#), "{end}");
    assert!(!end.contains("WORD"), "{end}");
    let text = String::from_utf8([start, more].concat()).unwrap();
    let (_, last) = text.rsplit_once("id: ").unwrap();
    let continued = rest(follow(&routes, &format!("?until=run&from={}", last.trim())).await).await;
    let whole = rest(follow(&routes, "?until=run").await).await;
    assert_eq!(text + continued.trim_start_matches("retry: 1000\n"), whole);
}

#[tokio::test(start_paused = true)]
async fn silent_stream_has_keep_alives_between_events() {
    let (server, gate) = server();
    let routes = server.build().router();
    let mut stream = run(&routes, "one wait! two").await;
    let mut seen = String::new();
    while !seen.ends_with(": keep-alive\n") {
        seen += std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap();
    }
    assert!(seen.ends_with("\n\n: keep-alive\n"), "{seen}");
    gate.0.add_permits(1);
    let rest = rest(stream).await;
    assert!(rest.trim_start_matches(": keep-alive\n").starts_with("data: "), "{rest}");
}
