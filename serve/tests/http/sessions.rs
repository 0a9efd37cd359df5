//! Sessions: lists, reads, forks, deletion and idle ones.

use crate::client::{Stream, kinds, problem, serve, serve_with};
use burdock::log::{Log, MemoryLog, SessionId};
use burdock_sqlite::SqliteLog;
use burdock_tests::faulty::{Call, FaultyLog};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn session_is_returned_with_its_public_fields_only() {
    let served = serve().await;
    Stream::of(served.run("a%2Fb%20c", "hi").await).rest().await;
    let response = served.get("/sessions/a%2Fb%20c").await;
    assert_eq!(response.headers()["etag"], "W/\"1.7\"");
    let shown: Value = response.json().await.unwrap();
    assert_eq!(shown["session"], "a/b c");
    assert_eq!(shown["state"], json!({ "texts": ["hi", "HI"] }));
    assert_eq!(shown["position"], json!({ "at": "rest", "node": "hear" }));
    assert_eq!(
        (&shown["step"], &shown["run"], &shown["running"]),
        (&json!(2), &json!(1), &json!(false))
    );
}

#[tokio::test]
async fn sessions_are_listed_in_pages() {
    let served = serve().await;
    for id in ["a", "b", "c"] {
        Stream::of(served.run(id, "hi").await).rest().await;
    }
    let first: Value = served.get("/sessions?limit=2").await.json().await.unwrap();
    let ids = |page: &Value| {
        page["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["session"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!((ids(&first), &first["next"]), (vec![json!("a"), json!("b")], &json!("b")));
    let second: Value = served.get("/sessions?limit=2&after=b").await.json().await.unwrap();
    assert_eq!((ids(&second), second.get("next")), (vec![json!("c")], None));
}

#[tokio::test]
async fn fork_is_independent_and_a_deleted_session_is_gone() {
    let served = serve().await;
    let events = Stream::of(served.run("a", "one").await).rest().await;
    let at = events[2].id.clone().unwrap();
    let forked = served.post("/sessions/a/fork", &json!({ "session": "f/1", "at": at })).await;
    assert_eq!(
        (forked.status().as_u16(), &forked.headers()["location"]),
        (201, &"/sessions/f%2f1".parse().unwrap())
    );
    let resumed = served.post("/sessions/f%2F1/resume", &json!(null)).await;
    assert!(kinds(&Stream::of(resumed).rest().await).contains(&"ONE".to_owned()));
    let taken = served.post("/sessions/a/fork", &json!({ "session": "f/1" })).await;
    assert_eq!(problem(taken).await, (412, "session_exists".into()));
    let mut reader = Stream::of(served.get("/sessions/a/events").await);
    let delete = |id: &str| served.client.delete(format!("{}/sessions/{id}", served.url)).send();
    assert_eq!(delete("a").await.unwrap().status(), 204);
    assert_eq!(reader.until("error").await.last().unwrap().data["code"], "deleted");
    assert_eq!(problem(delete("a").await.unwrap()).await, (404, "unknown_session".into()));
    let again = Stream::of(served.run("a", "again").await).rest().await;
    assert!(kinds(&again).contains(&"AGAIN".to_owned()));
}

#[tokio::test]
async fn idle_session_is_closed_and_opened_again() {
    let served =
        serve_with(MemoryLog::new(), |server| server.idle_after(Duration::from_millis(20))).await;
    Stream::of(served.run("a", "one").await).rest().await;
    while format!("{:?}", served.server).contains("open: 1") {
        tokio::task::yield_now().await;
    }
    let events = Stream::of(served.run("a", "two").await).rest().await;
    assert!(kinds(&events).contains(&"TWO".to_owned()));
    // in a new epoch
    assert!(events[0].id.as_ref().unwrap().starts_with("2."), "{events:?}");
}

#[tokio::test]
async fn idle_sessions_are_closed_to_make_room_and_busy_ones_are_not() {
    let served = serve_with(MemoryLog::new(), |server| server.max_sessions(1)).await;
    Stream::of(served.run("a", "one").await).rest().await;
    let mut other = Stream::of(served.run("b", "two wait!").await);
    other.until("item").await;
    let third = served.run("c", "three").await;
    assert_eq!(problem(third).await, (503, "too_many_sessions".into()));
    served.gate.0.add_permits(1);
    other.until("run_paused").await;
    // a session that cannot be opened does not count
    for id in ["x", "y"] {
        let resumed = served.post(&format!("/sessions/{id}/resume"), &json!(null)).await;
        assert_eq!(problem(resumed).await, (404, "unknown_session".into()));
        let run = served.client.post(format!("{}/sessions/{id}/runs", served.url));
        let run = run.header("if-match", "*").json(&json!({ "text": "hi" })).send().await;
        assert_eq!(problem(run.unwrap()).await, (412, "precondition_failed".into()));
    }
    assert!(format!("{:?}", served.server).contains("open: 0"), "{:?}", served.server);
}

#[tokio::test]
async fn graph_is_served_in_every_format() {
    let served = serve().await;
    let json: Value = served.get("/graph").await.json().await.unwrap();
    assert_eq!(json["name"], "Echo");
    assert!(served.get("/graph.mmd").await.text().await.unwrap().starts_with("flowchart"));
    let dot = served.get("/graph.dot").await.text().await.unwrap();
    assert!(dot.starts_with("digraph") && dot.contains("speak"), "{dot}");
    let api: Value = served.get("/openapi.json").await.json().await.unwrap();
    let inputs = &api["components"]["schemas"]["Inputs"];
    assert_eq!(inputs["properties"], json!({ "text": { "type": "string" } }));
    assert_eq!(inputs["required"], json!(["text"]));
}

#[tokio::test]
async fn session_that_another_process_deleted_is_created_again() {
    let log = MemoryLog::new();
    let served = serve_with(log.clone(), |server| server).await;
    Stream::of(served.run("a", "one").await).rest().await;
    log.delete(&SessionId::new("a").unwrap()).await.unwrap();
    let events = Stream::of(served.run("a", "two").await).rest().await;
    assert_eq!(events[0].data["run"], 1);
}

#[tokio::test]
async fn fork_at_a_cursor_that_the_session_never_had_is_rejected() {
    let served = serve().await;
    Stream::of(served.run("a", "one").await).rest().await;
    for (at, status) in [("9.3", 400), ("1.99", 400), ("1.3", 201)] {
        let fork = json!({ "session": "b", "at": at });
        assert_eq!(served.post("/sessions/a/fork", &fork).await.status(), status, "{at}");
    }
}

#[tokio::test]
async fn session_can_be_used_after_a_client_disconnects_during_its_deletion() {
    let log = FaultyLog::new(MemoryLog::new());
    let served = serve_with(log.clone(), |server| server).await;
    Stream::of(served.run("a", "one").await).rest().await;
    log.hang(Call::Delete);
    let request = served.client.delete(format!("{}/sessions/a", served.url));
    let deleting = tokio::spawn(async move { request.send().await });
    while log.hits() == 0 {
        tokio::task::yield_now().await;
    }
    deleting.abort();
    let events = Stream::of(served.run("a", "two").await).rest().await;
    assert_eq!(kinds(&events).last().unwrap(), "run_paused");
}

#[tokio::test]
async fn session_without_entries_can_be_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let log = SqliteLog::open(&path).await.unwrap();
    let served = serve_with(log.clone(), |server| server).await;
    Stream::of(served.run("a", "one").await).rest().await;
    served.shut_down().await;
    Connection::open(&path).unwrap().execute_batch("DELETE FROM entries").unwrap();
    let served = serve_with(log, |server| server).await;
    assert_eq!(problem(served.get("/sessions/a").await).await, (500, "internal".into()));
    let delete = || served.client.delete(format!("{}/sessions/a", served.url)).send();
    assert_eq!(delete().await.unwrap().status(), 204);
    assert_eq!(problem(delete().await.unwrap()).await, (404, "unknown_session".into()));
}
