//! Runs that end without a word in the log.

use crate::client::{Stream, kinds, problem, serve, serve_with};
use burdock::log::{Append, Claim, Draft, Log, MemoryLog, Offset, SessionId, Urgency};
use burdock_tests::faulty::{Fate, FaultyLog};
use serde_json::{Value, json};

/// What a process that died has left of a session.
async fn left_of(log: &impl Log, id: &SessionId) -> MemoryLog {
    let left = MemoryLog::new();
    let opened = left.open(id, Claim::default()).await.unwrap();
    let records = log.read(id, Offset::ZERO, 1_000).await.unwrap();
    let draft = |record: &burdock::log::Record| {
        let entry = record.entry(id).unwrap();
        Draft {
            kind: entry.kind.name(),
            snapshot: entry.kind.snapshot().is_some(),
            wall: entry.time.0,
            json: record.json.clone(),
        }
    };
    let entries = records.iter().map(draft).collect();
    let (session, epoch, at) = (id.clone(), opened.epoch, Offset::ZERO);
    let append = Append { session, epoch, at, entries, urgency: Urgency::Now };
    left.append(append).await.unwrap();
    left
}

#[tokio::test]
async fn a_run_that_died_with_its_process_is_told_and_waited_for_by_nobody() {
    let (log, id) = (MemoryLog::new(), SessionId::new("a").unwrap());
    let died = serve_with(log.clone(), |server| server).await;
    let mut seen = Stream::of(died.run("a", "one wait! two").await);
    let seen = seen.until("item").await;
    let served = serve_with(left_of(&log, &id).await, |server| server).await;

    let told = Stream::of(served.get("/sessions/a/events?until=run").await).rest().await;
    let (last, before) = told.split_last().unwrap();
    assert_eq!(before, seen);
    assert_eq!((&last.id, &last.data["code"]), (&None, &json!("interrupted")));
    // and who has seen all that there is need not come back
    let place = seen.last().unwrap().id.clone().unwrap();
    let path = format!("/sessions/a/events?until=run&from={place}");
    assert_eq!(served.get(&path).await.status(), 204);

    let mut follower = Stream::of(served.get(&format!("/sessions/a/events?from={place}")).await);
    served.gate.0.add_permits(1);
    let resumed = Stream::of(served.post("/sessions/a/resume", &json!(null)).await).rest().await;
    let went_on = ["run_resumed", "items_superseded", "step_started", "ONE", "TWO"];
    assert_eq!(kinds(&resumed)[..5], went_on);
    assert_eq!(follower.until("run_paused").await, resumed);
}

#[tokio::test]
async fn who_waits_for_a_run_that_cannot_write_any_more_is_told() {
    let log = FaultyLog::new(MemoryLog::new());
    let served = serve_with(log.clone(), |server| server).await;
    let mut run = Stream::of(served.run("a", "one wait! two").await);
    run.until("item").await;
    let mut other = Stream::of(served.get("/sessions/a/events").await);
    other.until("item").await;
    log.fates([Fate::Refused]);
    served.gate.0.add_permits(1);
    for told in [run.rest().await, other.rest().await] {
        let told: Vec<_> = told.into_iter().map(|told| told.data).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((&told[0]["type"], &told[0]["code"]), (&json!("error"), &json!("interrupted")));
    }
    let shown: Value = served.get("/sessions/a").await.json().await.unwrap();
    assert_eq!(
        (&shown["running"], &shown["position"]["at"]),
        (&json!(false), &json!("unfinished"))
    );
    assert_eq!(problem(served.run("a", "again").await).await, (409, "unfinished".into()));
    served.gate.0.add_permits(1);
    let resumed = Stream::of(served.post("/sessions/a/resume", &json!(null)).await).rest().await;
    assert!(kinds(&resumed).ends_with(&[
        "TWO".into(),
        "step_committed".into(),
        "run_paused".into()
    ]));
}

#[tokio::test]
async fn who_waits_for_the_next_run_of_a_session_at_rest_waits() {
    let served = serve().await;
    Stream::of(served.run("a", "first").await).rest().await;
    let fork = json!({ "session": "b" });
    assert_eq!(served.post("/sessions/a/fork", &fork).await.status(), 201);
    let waiting = Stream::of(served.get("/sessions/b/events?until=run").await);
    let run = Stream::of(served.run("b", "second").await).rest().await;
    assert_eq!(waiting.rest().await, run);
}
