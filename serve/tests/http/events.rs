//! Event streams of sessions, from any cursor.

use crate::client::{Stream, kinds, problem, serve, serve_with};
use burdock::log::{Log as _, MemoryLog, Offset, SessionId};
use serde_json::{Value, json};

#[tokio::test]
async fn readers_receive_the_same_events_from_any_cursor() {
    let served = serve().await;
    let live = Stream::of(served.run("a", "one two three").await).rest().await;
    let replay = Stream::of(served.get("/sessions/a/events?until=run").await).rest().await;
    assert_eq!(replay, live);
    for (index, event) in live.iter().enumerate() {
        let id = event.id.as_deref().unwrap();
        let request = served.client.get(format!("{}/sessions/a/events?until=run", served.url));
        let response = request.header("last-event-id", id).send().await.unwrap();
        if index + 1 == live.len() {
            // the reader has the end of the run
            assert_eq!(response.status(), 204);
        } else {
            assert_eq!(Stream::of(response).rest().await, live[index + 1..]);
        }
    }
}

#[tokio::test]
async fn stream_stays_open_across_runs_for_all_readers() {
    let served = serve().await;
    Stream::of(served.run("a", "first").await).rest().await;
    let mut readers = Vec::new();
    for _ in 0..3 {
        readers.push(Stream::of(served.get("/sessions/a/events").await));
    }
    for reader in &mut readers {
        reader.until("run_paused").await;
    }
    let run = Stream::of(served.run("a", "second wait! third").await);
    served.gate.0.add_permits(1);
    let run = run.rest().await;
    for reader in &mut readers {
        assert_eq!(reader.until("run_paused").await, run);
    }
}

#[tokio::test]
async fn invalid_cursors_are_rejected() {
    let served = serve().await;
    assert_eq!(
        problem(served.get("/sessions/a/events").await).await,
        (404, "unknown_session".into())
    );
    Stream::of(served.run("a", "x").await).rest().await;
    let never =
        ["1.999999", "1.18446744073709551614", "1.18446744073709551615", "1.18446744073709551616"];
    for from in ["x", "1", "9.1", "1.x"].into_iter().chain(never) {
        for query in ["", "&until=run"] {
            let response = served.get(&format!("/sessions/a/events?from={from}{query}")).await;
            assert_eq!(problem(response).await, (400, "invalid_cursor".into()), "{from}");
        }
        let fork = json!({ "session": "b", "at": from });
        let response = served.post("/sessions/a/fork", &fork).await;
        assert_eq!(problem(response).await, (400, "invalid_cursor".into()), "fork at {from}");
    }
}

#[tokio::test]
async fn shutdown_ends_streams_and_stops_runs_at_a_commit() {
    let served = serve().await;
    let mut run = Stream::of(served.run("a", "one wait! two").await);
    run.until("item").await;
    let mut follower = Stream::of(served.get("/sessions/a/events").await);
    follower.until("item").await;
    served.shut_down().await;
    let ended = run.rest().await;
    let ended = ended.last().unwrap();
    assert_eq!((&ended.data["type"], &ended.id), (&json!("error"), &None));
    assert_eq!(ended.data["code"], "shutting_down");
    assert!(kinds(&follower.rest().await).contains(&"error".to_owned()));
}

#[tokio::test]
async fn trimmed_cursor_is_gone_with_the_first_remaining_one() {
    let log = MemoryLog::new();
    let served = serve_with(log.clone(), |server| server).await;
    let text = "x".repeat(100_000);
    for _ in 0..3 {
        Stream::of(served.run("a", &text).await).rest().await;
    }
    let id = SessionId::new("a").unwrap();
    let snapshot = log.info(&id).await.unwrap().snapshot.unwrap();
    assert!(snapshot > Offset(2), "{snapshot}");
    log.trim(&id, snapshot).await.unwrap();
    let gone = served.get("/sessions/a/events?from=1.1").await;
    let gone = gone.json::<Value>().await.unwrap();
    assert_eq!((&gone["status"], &gone["code"]), (&json!(410), &json!("trimmed")));
    // without a cursor, from the first remaining entry on
    let events = Stream::of(served.get("/sessions/a/events?until=run").await).rest().await;
    let from = format!("/sessions/a/events?until=run&from={}", gone["first"].as_str().unwrap());
    assert_eq!(Stream::of(served.get(&from).await).rest().await, events);
    let first: u64 = events[0].id.as_ref().unwrap().split_once('.').unwrap().1.parse().unwrap();
    assert!(first >= snapshot.0, "{first}");
}

#[tokio::test]
async fn request_beyond_the_limit_of_readers_starts_no_run() {
    let served = serve_with(MemoryLog::new(), |server| server.max_readers(1)).await;
    let mut first = Stream::of(served.run("a", "one wait!").await);
    first.until("item").await;
    let second = served.get("/sessions/a/events").await;
    assert_eq!(problem(second).await, (429, "too_many_readers".into()));
    let query = "/sessions/a/runs?if_running=stop";
    let third = served.post(query, &json!({ "text": "two" })).await;
    assert_eq!(problem(third).await, (429, "too_many_readers".into()));
    served.gate.0.add_permits(1);
    first.until("run_paused").await;
    let shown: serde_json::Value = served.get("/sessions/a").await.json().await.unwrap();
    assert_eq!(shown["run"], 1);
}

#[tokio::test]
async fn events_of_a_chat_have_prompts_and_text() {
    let served = serve().await;
    assert_eq!(served.get("/sessions/c/chat").await.status(), 404);
    let started = served.post("/sessions/c/chat", &json!({ "prompt": "good wait! morning" })).await;
    assert_eq!(started.status(), 202);
    let mut stream = Stream::of(served.get("/sessions/c/chat/events").await);
    let events = stream.until("item").await;
    assert_eq!(events[0].data["prompt"], "good wait! morning");
    assert_eq!(events.last().unwrap().data["text"], "GOOD");
    assert!(events.last().unwrap().data.get("item").is_none());
    // a late reader receives the history, and from its cursor the items of the step in progress
    let chat: serde_json::Value = served.get("/sessions/c/chat").await.json().await.unwrap();
    assert_eq!(chat["running"], true);
    assert_eq!(chat["title"], "Echo");
    assert_eq!(chat["messages"], json!([{ "role": "user", "text": "good wait! morning" }]));
    let from = format!("/sessions/c/chat/events?from={}", chat["cursor"].as_str().unwrap());
    let mut late = Stream::of(served.get(&from).await);
    assert_eq!(late.until("item").await.last().unwrap().data["text"], "GOOD");
    served.gate.0.add_permits(1);
    late.until("run_paused").await;
    let chat: serde_json::Value = served.get("/sessions/c/chat").await.json().await.unwrap();
    assert_eq!(chat["messages"][1], json!({ "role": "assistant", "text": "GOOD MORNING" }));
    assert_eq!(chat["position"], json!({ "at": "rest", "node": "hear" }));
    let shown: serde_json::Value = served.get("/sessions/c").await.json().await.unwrap();
    let caught_up =
        format!("/sessions/c/chat/events?until=run&from={}", shown["cursor"].as_str().unwrap());
    assert_eq!(served.get(&caught_up).await.status(), 204);
}

#[tokio::test]
async fn chats_are_listed_with_the_first_prompt_and_returned_with_their_last_run() {
    let served = serve().await;
    let send_prompt = async |id: &str, prompt: &str| {
        let started =
            served.post(&format!("/sessions/{id}/chat"), &json!({ "prompt": prompt })).await;
        assert_eq!(started.status(), 202);
        let accepted: Value = started.json().await.unwrap();
        let from = accepted["cursor"].as_str().unwrap().to_owned();
        let path = format!("/sessions/{id}/chat/events?until=run&from={from}");
        Stream::of(served.get(&path).await).rest().await;
        from
    };
    send_prompt("a", "first").await;
    let from = send_prompt("a", "second").await;
    send_prompt("b", &format!("\n  a long story {}\nthat continues", "x".repeat(200))).await;
    let chats: Value = served.get("/chats?limit=2").await.json().await.unwrap();
    assert_eq!(chats.get("next"), None);
    let titles =
        chats["chats"].as_array().unwrap().iter().map(|chat| chat["title"].as_str().unwrap());
    let titles: Vec<_> = titles.collect();
    assert_eq!(titles, ["first", &format!("a long story {}", "x".repeat(87))]);
    let chat: Value = served.get("/sessions/a/chat").await.json().await.unwrap();
    assert_eq!(chat["run"], json!(from));
}
