//! Starts, stops and resumes of runs.

use crate::client::{Stream, kinds, problem, serve, serve_with};
use burdock::log::{Durability, MemoryLog};
use serde_json::json;

#[tokio::test]
async fn start_responds_with_the_events_of_the_run() {
    let served = serve().await;
    let response = served.run("a", "hello there").await;
    let before = response.headers()["burdock-cursor"].to_str().unwrap().to_owned();
    let events = Stream::of(response).rest().await;
    assert_eq!(
        kinds(&events),
        [
            "run_started",
            "step_started",
            "step_committed",
            "step_started",
            "HELLO",
            "THERE",
            "step_committed",
            "run_paused"
        ]
    );
    assert_eq!(before, "1.0");
    let ids: Vec<_> = events.iter().map(|event| event.id.clone().unwrap()).collect();
    assert_eq!(ids, (1..=8).map(|offset| format!("1.{offset}")).collect::<Vec<_>>());
    // only public fields
    let append = json!({ "texts": { "append": { "keep": 0, "tail": ["hello there"] } } });
    assert_eq!(events[2].data["patches"], append);
    assert!(events.iter().all(|event| event.data["at"].as_u64().unwrap() > 1_700_000_000_000));
}

#[tokio::test]
async fn run_continues_without_its_reader_and_excludes_others_in_its_session() {
    let served = serve().await;
    let mut first = Stream::of(served.run("a", "one wait! two").await);
    first.until("item").await;
    drop(first);
    assert_eq!(problem(served.run("a", "no").await).await, (409, "running".into()));
    let other = Stream::of(served.run("b", "another").await);
    assert_eq!(kinds(&other.rest().await).last().unwrap(), "run_paused");
    let three = json!({ "text": "three" });
    let waiting = served.post("/sessions/a/runs?if_running=wait", &three);
    let (waited, ()) = tokio::join!(waiting, async { served.gate.0.add_permits(1) });
    assert!(kinds(&Stream::of(waited).rest().await).contains(&"THREE".to_owned()));
    let all = Stream::of(served.get("/sessions/a/events?from=1.0&until=run").await).rest().await;
    assert!(kinds(&all).ends_with(&["TWO".into(), "step_committed".into(), "run_paused".into()]));
}

#[tokio::test]
async fn stop_keeps_the_shown_items() {
    let served = serve().await;
    let mut stream = Stream::of(served.run("a", "one wait! two").await);
    stream.until("item").await;
    assert_eq!(served.post("/sessions/a/stop", &json!(null)).await.status(), 204);
    let rest = kinds(&stream.rest().await);
    assert_eq!(rest, ["step_committed", "run_paused"]);
    // without a run, a stop does nothing
    assert_eq!(served.post("/sessions/a/stop", &json!(null)).await.status(), 204);
    let unknown = served.post("/sessions/none/stop", &json!(null)).await;
    assert_eq!(problem(unknown).await, (404, "unknown_session".into()));
    let stopped = served.post("/sessions/a/runs", &json!({ "text": "wait! x" })).await;
    let next = served.post("/sessions/a/runs?if_running=stop", &json!({ "text": "next" })).await;
    assert!(kinds(&Stream::of(next).rest().await).contains(&"NEXT".to_owned()));
    assert!(!kinds(&Stream::of(stopped).rest().await).contains(&"X".to_owned()));
}

#[tokio::test]
async fn failed_run_is_resumed_or_restarted() {
    let served = serve().await;
    let events = Stream::of(served.run("a", "one fail!").await).rest().await;
    assert!(kinds(&events).ends_with(&[
        "ONE".into(),
        "items_superseded".into(),
        "step_failed".into(),
        "run_failed".into()
    ]));
    let failed = &events.last().unwrap().data;
    assert_eq!((&failed["node"], &failed["error"]), (&json!("speak"), &json!("the words ran out")));
    assert_eq!(problem(served.run("a", "again").await).await, (409, "unfinished".into()));
    let resumed = served.post("/sessions/a/resume", &json!(null)).await;
    assert_eq!(kinds(&Stream::of(resumed).rest().await)[0], "run_resumed");
    let query = "/sessions/a/runs?if_unfinished=restart&stream=false";
    let again = served.post(query, &json!({ "text": "fine" })).await;
    assert_eq!(again.status(), 202);
    let accepted: serde_json::Value = again.json().await.unwrap();
    let from = accepted["cursor"].as_str().unwrap();
    let path = format!("/sessions/a/events?until=run&from={from}");
    let events = Stream::of(served.get(&path).await).rest().await;
    assert!(kinds(&events).contains(&"FINE".to_owned()));
    let at_rest = served.post("/sessions/a/resume", &json!(null)).await;
    assert_eq!(problem(at_rest).await, (409, "at_rest".into()));
}

#[tokio::test]
async fn panic_reveals_nothing_of_the_program() {
    let served = serve().await;
    let response = served.run("a", "panic!").await;
    let events = Stream::of(response).rest().await;
    let text = format!("{events:?}");
    assert!(text.contains("the action panicked") && !text.contains("a secret"), "{text}");
}

#[tokio::test]
async fn invalid_requests_start_no_run() {
    let served = serve().await;
    let post = |body: &'static str, kind: &'static str| {
        let request = served.client.post(format!("{}/sessions/a/runs", served.url));
        request.header("content-type", kind).body(body).send()
    };
    let json = "application/json";
    for (body, kind, expected) in [
        ("{\"text\":", json, (400, "malformed_body")),
        ("{\"text\":\"x\"}", "text/plain", (415, "not_json")),
        ("[]", json, (422, "invalid_inputs")),
        ("{}", json, (422, "invalid_inputs")),
        ("{\"text\":1}", json, (422, "invalid_inputs")),
        ("{\"text\":\"x\",\"more\":1}", json, (422, "invalid_inputs")),
    ] {
        let (status, code) = problem(post(body, kind).await.unwrap()).await;
        assert_eq!((status, code.as_str()), expected, "{body}");
    }
    let wrong: serde_json::Value = post("{\"text\":1}", json).await.unwrap().json().await.unwrap();
    assert_eq!(wrong["detail"], "text: invalid type: integer `1`, expected a string");
    let large = json!({ "text": "x".repeat(2 << 20) });
    assert_eq!(problem(served.post("/sessions/a/runs", &large).await).await.0, 413);
    let query = served.post("/sessions/a/runs?if_running=perhaps", &json!({ "text": "" })).await;
    assert_eq!(problem(query).await, (400, "invalid_query".into()));
    let id = format!("/sessions/{}/runs", "x".repeat(2_000));
    let id = served.post(&id, &json!({ "text": "" })).await;
    assert_eq!(problem(id).await, (400, "invalid_id".into()));
    assert_eq!(served.get("/sessions/a").await.status(), 404);
    assert_eq!(
        served.get("/sessions").await.json::<serde_json::Value>().await.unwrap()["sessions"],
        json!([])
    );
}

#[tokio::test]
async fn preconditions_require_that_a_session_exists_or_is_new() {
    let served = serve().await;
    let run = |name: &'static str| {
        let request = served.client.post(format!("{}/sessions/a/runs", served.url));
        request.header(name, "*").json(&json!({ "text": "x" })).send()
    };
    let missing = run("if-match").await.unwrap();
    assert_eq!(problem(missing).await, (412, "precondition_failed".into()));
    Stream::of(run("if-none-match").await.unwrap()).rest().await;
    let taken = run("if-none-match").await.unwrap();
    assert_eq!(problem(taken).await, (412, "session_exists".into()));
    Stream::of(run("if-match").await.unwrap()).rest().await;
}

#[tokio::test]
async fn resume_is_sent_before_its_first_item_with_any_durability() {
    let served = serve_with(MemoryLog::new(), |server| server.durability(Durability::Commit)).await;
    served.gate.0.add_permits(1);
    Stream::of(served.run("a", "wait! fail!").await).rest().await;
    let mut resumed = Stream::of(served.post("/sessions/a/resume", &json!(null)).await);
    assert_eq!(resumed.next().await.unwrap().data["type"], "run_resumed");
}
