//! Limits of a server: requests beyond a limit are rejected, and others are served meanwhile.

use crate::client::{Stream, kinds, problem, serve_with};
use crate::graph::Echo;
use burdock::log::MemoryLog;
use burdock_serve::ServerBuilder;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

#[tokio::test]
async fn bodies_of_all_requests_together_are_limited() {
    let with_limits =
        |server: ServerBuilder<Echo>| server.max_body(620 << 10).max_bytes_in_flight(1 << 20);
    let served = serve_with(MemoryLog::new(), with_limits).await;
    let large = "x".repeat(600 << 10);
    let head = |session: &str, length: usize| {
        format!(
            "POST /sessions/{session}/runs HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let mut slow = served.raw(head("slow", large.len() + 20)).await;
    slow.write_all(large.as_bytes()).await.unwrap();
    // until the server has read all of that
    let rejected = loop {
        let answer = served.run("large", &"y".repeat(400 << 10)).await;
        if answer.status() == 503 {
            break answer;
        }
        Stream::of(answer).rest().await;
    };
    assert_eq!(rejected.headers()["retry-after"], "1");
    assert_eq!(problem(rejected).await, (503, "overloaded".into()));
    // without a length, the body is rejected while it arrives
    let chunks =
        futures_util::stream::iter((0..400).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 10])));
    let chunked = served.client.post(format!("{}/sessions/chunked/runs", served.url));
    let chunked = chunked.header("content-type", "application/json");
    let chunked = chunked.body(reqwest::Body::wrap_stream(chunks)).send().await.unwrap();
    assert_eq!(problem(chunked).await, (503, "overloaded".into()));
    // others are served
    for session in ["a", "b", "c"] {
        let events = Stream::of(served.run(session, "hi").await).rest().await;
        assert!(kinds(&events).contains(&"HI".to_owned()));
    }
    drop(slow);
    // the bytes are available again
    while served.run("again", &"y".repeat(400 << 10)).await.status() == 503 {}
}

#[tokio::test]
async fn readers_of_all_sessions_together_are_limited() {
    let served = serve_with(MemoryLog::new(), |server| server.max_total_readers(2)).await;
    for session in ["a", "b", "c"] {
        Stream::of(served.run(session, "hi").await).rest().await;
    }
    let events = |session: &str| format!("/sessions/{session}/events");
    let mut readers = Vec::new();
    for session in ["a", "b"] {
        readers.push(Stream::of(served.get(&events(session)).await));
    }
    let third = served.get(&events("c")).await;
    assert_eq!(third.headers()["retry-after"], "1");
    assert_eq!(problem(third).await, (429, "too_many_readers".into()));
    // other requests and open streams are not affected
    assert_eq!(served.get("/sessions/c").await.status(), 200);
    let accepted = served.post("/sessions/a/runs?stream=false", &json!({ "text": "more" })).await;
    assert_eq!(accepted.status(), 202);
    while readers[0].next().await.unwrap().data["item"]["text"] != "MORE" {}
    drop(readers);
    while served.get(&events("c")).await.status() == 429 {}
}

#[tokio::test]
async fn waiting_starts_are_limited_per_session() {
    let served = serve_with(MemoryLog::new(), |server| server.max_waiting(2)).await;
    let mut first = Stream::of(served.run("a", "one wait!").await);
    first.until("item").await;
    let wait = |text: &str| {
        let run = served.client.post(format!("{}/sessions/a/runs?if_running=wait", served.url));
        run.json(&json!({ "text": text })).send()
    };
    // two of them wait, and the others are rejected at once
    let mut requests: FuturesUnordered<_> = (0..5).map(|_| wait("two")).collect();
    for _ in 0..3 {
        let rejected = requests.next().await.unwrap().unwrap();
        assert_eq!(rejected.headers()["retry-after"], "1");
        assert_eq!(problem(rejected).await, (429, "too_many_waiting".into()));
    }
    let other = Stream::of(served.run("b", "meanwhile").await).rest().await;
    assert!(kinds(&other).contains(&"MEANWHILE".to_owned()));
    served.gate.0.add_permits(1);
    while let Some(answer) = requests.next().await {
        let events = Stream::of(answer.unwrap()).rest().await;
        assert!(kinds(&events).contains(&"TWO".to_owned()));
    }
}

#[tokio::test]
async fn state_of_a_fork_is_limited() {
    let served = serve_with(MemoryLog::new(), |server| server.max_fork(2_000)).await;
    Stream::of(served.run("small", "hi").await).rest().await;
    Stream::of(served.run("large", &"word ".repeat(500)).await).rest().await;
    let fork = async |from: &str| {
        let body = json!({ "session": format!("{from}-fork") });
        served.post(&format!("/sessions/{from}/fork"), &body).await
    };
    let large = fork("large").await;
    assert_eq!(problem(large).await, (413, "too_large".into()));
    assert_eq!(served.get("/sessions/large-fork").await.status(), 404);
    assert_eq!(fork("small").await.status(), 201);
    // a large session can be forked at an entry where it was small
    Stream::of(served.run("small", &"word ".repeat(500)).await).rest().await;
    let at = json!({ "session": "early", "at": "1.3" });
    assert_eq!(served.post("/sessions/small/fork", &at).await.status(), 201);
}
