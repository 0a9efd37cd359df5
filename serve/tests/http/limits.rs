//! Limits of a server: a client that goes past one is refused, and others are served meanwhile.

use crate::client::{Stream, kinds, problem, serve_with};
use crate::graph::Echo;
use burdock::log::MemoryLog;
use burdock_serve::ServerBuilder;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

#[tokio::test]
async fn bytes_in_flight_are_limited_over_all_requests() {
    let limited =
        |server: ServerBuilder<Echo>| server.max_body(620 << 10).max_bytes_in_flight(1 << 20);
    let served = serve_with(MemoryLog::new(), limited).await;
    let large = "x".repeat(600 << 10);
    let head = |session: &str, length: usize| {
        format!(
            "POST /sessions/{session}/runs HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let mut slow = served.raw(head("slow", large.len() + 20)).await;
    slow.write_all(large.as_bytes()).await.unwrap();
    // at some moment the server has read all that
    let refused = loop {
        let answer = served.run("large", &"y".repeat(400 << 10)).await;
        if answer.status() == 503 {
            break answer;
        }
        Stream::of(answer).rest().await;
    };
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(problem(refused).await, (503, "overloaded".into()));
    // without a length it is found out while the body comes
    let chunks =
        futures_util::stream::iter((0..400).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 10])));
    let chunked = served.client.post(format!("{}/sessions/chunked/runs", served.url));
    let chunked = chunked.header("content-type", "application/json");
    let chunked = chunked.body(reqwest::Body::wrap_stream(chunks)).send().await.unwrap();
    assert_eq!(problem(chunked).await, (503, "overloaded".into()));
    // others are served
    for session in ["a", "b", "c"] {
        let told = Stream::of(served.run(session, "hi").await).rest().await;
        assert!(kinds(&told).contains(&"HI".to_owned()));
    }
    drop(slow);
    // and the bytes are given back
    while served.run("again", &"y".repeat(400 << 10)).await.status() == 503 {}
}

#[tokio::test]
async fn readers_are_limited_over_all_sessions() {
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
    // what does not stream is served, and readers are
    assert_eq!(served.get("/sessions/c").await.status(), 200);
    let accepted = served.post("/sessions/a/runs?stream=false", &json!({ "text": "more" })).await;
    assert_eq!(accepted.status(), 202);
    while readers[0].next().await.unwrap().data["item"]["text"] != "MORE" {}
    drop(readers);
    while served.get(&events("c")).await.status() == 429 {}
}

#[tokio::test]
async fn runs_that_wait_for_their_turn_are_limited_in_each_session() {
    let served = serve_with(MemoryLog::new(), |server| server.max_waiting(2)).await;
    let mut first = Stream::of(served.run("a", "one wait!").await);
    first.until("item").await;
    let wait = |text: &str| {
        let run = served.client.post(format!("{}/sessions/a/runs?if_running=wait", served.url));
        run.json(&json!({ "text": text })).send()
    };
    // two of them wait, and the others are refused at once
    let mut requests: FuturesUnordered<_> = (0..5).map(|_| wait("two")).collect();
    for _ in 0..3 {
        let refused = requests.next().await.unwrap().unwrap();
        assert_eq!(refused.headers()["retry-after"], "1");
        assert_eq!(problem(refused).await, (429, "too_many_waiting".into()));
    }
    let other = Stream::of(served.run("b", "meanwhile").await).rest().await;
    assert!(kinds(&other).contains(&"MEANWHILE".to_owned()));
    served.gate.0.add_permits(1);
    while let Some(answer) = requests.next().await {
        let told = Stream::of(answer.unwrap()).rest().await;
        assert!(kinds(&told).contains(&"TWO".to_owned()));
    }
}

#[tokio::test]
async fn forks_copy_no_more_state_than_the_limit() {
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
    // what was small is forked from where it was small
    Stream::of(served.run("small", &"word ".repeat(500)).await).rest().await;
    let at = json!({ "session": "early", "at": "1.3" });
    assert_eq!(served.post("/sessions/small/fork", &at).await.status(), 201);
}
