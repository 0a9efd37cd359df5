//! Runs that end without an entry in the log.

use crate::client::{Stream, kinds, problem, serve, serve_with};
use burdock::log::{
    Append, Claim, Durability, EntryKind, Log, MemoryLog, NewEntry, Offset, SessionId,
};
use burdock_sqlite::SqliteLog;
use burdock_tests::faulty::{Fate, FaultyLog};
use serde_json::{Value, json};
use std::time::Duration;

/// Returns a log with the entries of a session, as after the death of its process.
async fn copy_of(log: &impl Log, id: &SessionId) -> MemoryLog {
    let copy = MemoryLog::new();
    let opened = copy.open(id, Claim::default()).await.unwrap();
    let records = log.read(id, Offset::ZERO, 1_000).await.unwrap();
    let new_entry = |record: &burdock::log::Record| {
        let mut new_entry = NewEntry::new(&record.entry(id).unwrap()).unwrap();
        new_entry.json = record.json.clone();
        new_entry
    };
    let entries = records.iter().map(new_entry).collect();
    let (session, epoch, at) = (id.clone(), opened.epoch, Offset::ZERO);
    let append = Append::new(session, epoch, at, entries);
    copy.append(append).await.unwrap();
    copy
}

#[tokio::test]
async fn readers_do_not_wait_for_a_run_whose_process_died() {
    let (log, id) = (MemoryLog::new(), SessionId::new("a").unwrap());
    let died = serve_with(log.clone(), |server| server).await;
    let mut seen = Stream::of(died.run("a", "one wait! two").await);
    let seen = seen.until("item").await;
    let served = serve_with(copy_of(&log, &id).await, |server| server).await;

    let events = Stream::of(served.get("/sessions/a/events?until=run").await).rest().await;
    let (last, before) = events.split_last().unwrap();
    assert_eq!(before, seen);
    assert_eq!((&last.id, &last.data["code"]), (&None, &json!("interrupted")));
    // a reader that has received all of that need not reconnect
    let from = seen.last().unwrap().id.clone().unwrap();
    let path = format!("/sessions/a/events?until=run&from={from}");
    assert_eq!(served.get(&path).await.status(), 204);

    let mut follower = Stream::of(served.get(&format!("/sessions/a/events?from={from}")).await);
    served.gate.0.add_permits(1);
    let resumed = Stream::of(served.post("/sessions/a/resume", &json!(null)).await).rest().await;
    let expected = ["run_resumed", "items_superseded", "step_started", "ONE", "TWO"];
    assert_eq!(kinds(&resumed)[..5], expected);
    assert_eq!(follower.until("run_paused").await, resumed);
}

#[tokio::test]
async fn readers_of_a_run_whose_log_failed_receive_an_error() {
    let log = FaultyLog::new(MemoryLog::new());
    let served = serve_with(log.clone(), |server| server).await;
    let mut run = Stream::of(served.run("a", "one wait! two").await);
    run.until("item").await;
    let mut other = Stream::of(served.get("/sessions/a/events").await);
    other.until("item").await;
    log.fates([Fate::Refused]);
    served.gate.0.add_permits(1);
    for rest in [run.rest().await, other.rest().await] {
        let rest: Vec<_> = rest.into_iter().map(|event| event.data).collect();
        assert_eq!(rest.len(), 1, "{rest:?}");
        assert_eq!((&rest[0]["type"], &rest[0]["code"]), (&json!("error"), &json!("interrupted")));
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
async fn reader_waits_for_the_next_run_of_a_session_at_rest() {
    let served = serve().await;
    Stream::of(served.run("a", "first").await).rest().await;
    let fork = json!({ "session": "b" });
    assert_eq!(served.post("/sessions/a/fork", &fork).await.status(), 201);
    let waiting = Stream::of(served.get("/sessions/b/events?until=run").await);
    let run = Stream::of(served.run("b", "second").await).rest().await;
    assert_eq!(waiting.rest().await, run);
}

#[tokio::test]
async fn invalid_and_lost_cursors_are_not_reported_as_interrupted_runs() {
    let log = MemoryLog::new();
    let first = serve_with(log.clone(), |server| server).await;
    Stream::of(first.run("a", "one wait!").await).until("item").await;
    let served = serve_with(log, |server| server).await;
    let nowhere = served.get("/sessions/a/events?until=run&from=9.999").await;
    assert_eq!(problem(nowhere).await, (400, "invalid_cursor".into()));
    // opens the session under another epoch, so that entries beyond its end are known to be lost
    assert_eq!(problem(served.run("a", "x").await).await, (409, "unfinished".into()));
    let ahead = served.get("/sessions/a/events?until=run&from=1.50").await;
    assert_eq!(kinds(&Stream::of(ahead).rest().await), ["rewound", "error"]);
}

/// Appends snapshots in a new epoch, as earlier versions did whenever they opened a session.
async fn append_snapshots(log: &MemoryLog, id: &SessionId, count: usize) {
    let opened = log.open(id, Claim::default()).await.unwrap();
    let first = log.read(id, Offset::ZERO, 1).await.unwrap().remove(0);
    let EntryKind::SessionCreated { snapshot, .. } = first.entry(id).unwrap().kind else {
        panic!()
    };
    let mut entry: Value = serde_json::from_str(&first.json).unwrap();
    entry["entry"] = json!({ "snapshot": entry["entry"]["session_created"]["snapshot"] });
    let new_entry = || {
        let mut new_entry = NewEntry::from_json("snapshot", 1, entry.to_string());
        new_entry.snapshot = true;
        new_entry.graph = Some(snapshot.graph.name.as_str().into());
        new_entry
    };
    let (session, epoch, at) = (id.clone(), opened.epoch, opened.next);
    let entries = (0..count).map(|_| new_entry()).collect();
    log.append(Append::new(session, epoch, at, entries)).await.unwrap();
}

#[tokio::test]
async fn end_of_a_run_is_found_before_any_number_of_snapshots() {
    let id = SessionId::new("a").unwrap();
    for count in [0, 1, 4, 5, 300, 600] {
        let log = MemoryLog::new();
        let served = serve_with(log.clone(), |server| server).await;
        let events = Stream::of(served.run("a", "one").await).rest().await;
        append_snapshots(&log, &id, count).await;
        let end = events.last().unwrap().id.as_deref().unwrap();
        let path = format!("/sessions/a/events?until=run&from={end}");
        assert_eq!(served.get(&path).await.status(), 204, "{count} snapshots");
    }
}

#[tokio::test]
async fn readers_of_a_fenced_run_receive_an_error() {
    let log = MemoryLog::new();
    let first = serve_with(log.clone(), |server| server).await;
    let second = serve_with(log, |server| server).await;
    let mut run = Stream::of(first.run("a", "one wait! two").await);
    run.until("item").await;
    assert_eq!(problem(second.run("a", "x").await).await, (409, "unfinished".into()));
    first.gate.0.add_permits(1);
    assert_eq!(kinds(&run.rest().await).last().unwrap(), "error");
}

#[tokio::test]
async fn run_whose_end_is_in_the_log_was_not_interrupted() {
    let log = FaultyLog::new(MemoryLog::new());
    let served = serve_with(log.clone(), |server| server).await;
    let mut run = Stream::of(served.run("a", "one wait!").await);
    run.until("item").await;
    let mut follower = Stream::of(served.get("/sessions/a/events").await);
    log.fates([Fate::StoredAndFailed]);
    served.gate.0.add_permits(1);
    assert_eq!(kinds(&run.rest().await), ["step_committed", "run_paused"]);
    follower.until("run_paused").await;
    // readers receive nothing of a run that could not be started
    log.fates([Fate::Refused, Fate::Refused]);
    assert_eq!(problem(served.run("a", "x").await).await, (503, "unavailable".into()));
    let next = Stream::of(served.run("a", "next").await).rest().await;
    assert_eq!(follower.until("run_paused").await, next);
}

#[tokio::test]
async fn recorded_events_of_an_interrupted_run_precede_the_error() {
    let log = FaultyLog::new(MemoryLog::new());
    let served = serve_with(log.clone(), |server| server).await;
    let mut run = Stream::of(served.run("a", &("word ".repeat(2_000) + "last wait!")).await);
    let late = served.get("/sessions/a/events?until=run").await;
    while run.next().await.unwrap().data["item"]["text"] != "LAST" {}
    log.fates([Fate::Refused]);
    served.gate.0.add_permits(1);
    assert_eq!(kinds(&run.rest().await), ["error"]);
    let kinds = kinds(&Stream::of(late).rest().await);
    assert_eq!(kinds.iter().filter(|kind| *kind == "WORD").count(), 2_000);
    assert_eq!(kinds.last().unwrap(), "error");
}

#[tokio::test]
async fn slow_log_has_the_end_of_a_run_when_the_run_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path().join("log")).await.unwrap();
    let served =
        serve_with(log, |server| server.durability(Durability::Batch(Duration::from_millis(200))))
            .await;
    let run = Stream::of(served.run("a", "first").await).rest().await;
    assert_eq!(kinds(&run).last().unwrap(), "run_paused");
    let run = Stream::of(served.run("a", "one fail!").await).rest().await;
    let (end, before) = run.split_last().unwrap();
    assert_eq!(end.data["type"], "run_failed");
    let from = before.last().unwrap().id.as_deref().unwrap();
    let path = format!("/sessions/a/events?until=run&from={from}");
    assert_eq!(Stream::of(served.get(&path).await).rest().await, std::slice::from_ref(end));
}
