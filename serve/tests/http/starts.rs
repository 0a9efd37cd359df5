//! Starts of runs: a start that is accepted is in the log exactly once, and one that is rejected is not.

use crate::client::{Served, Stream, kinds, problem, serve_with};
use burdock::log::{Durability, EntryKind, Log, MemoryLog, Offset, SessionId};
use burdock_sqlite::SqliteLog;
use burdock_tests::faulty::{Call, Fate, FaultyLog};
use serde_json::{Value, json};
use std::{path::Path, sync::Arc};

/// Returns the inputs of the `run_started` entries of a session.
async fn started(log: &Arc<dyn Log>, session: &str) -> Vec<String> {
    let id = SessionId::new(session).unwrap();
    let records = log.read(&id, Offset::ZERO, 10_000).await.unwrap();
    let entries = records.iter().map(|record| record.entry(&id).unwrap().kind);
    let texts = entries.filter_map(|kind| match kind {
        EntryKind::RunStarted { inputs, .. } => Some(inputs["text"].as_str()?.to_owned()),
        _ => None,
    });
    texts.collect()
}

/// Starts two servers on one log, like two processes.
async fn two(log: [Arc<dyn Log>; 2]) -> [Served; 2] {
    let [a, b] = log;
    [serve_with(a, |server| server).await, serve_with(b, |server| server).await]
}

async fn sqlite(path: &Path) -> Arc<dyn Log> {
    Arc::new(SqliteLog::open(path).await.unwrap())
}

/// Returns several logs, with a handle for each of two processes.
async fn logs(folder: &Path) -> Vec<[Arc<dyn Log>; 2]> {
    let memory: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let path = folder.join("log.db");
    vec![[Arc::clone(&memory), memory], [sqlite(&path).await, sqlite(&path).await]]
}

#[tokio::test]
async fn runs_sent_alternately_to_two_processes_are_in_the_log_once() {
    let folder = tempfile::tempdir().unwrap();
    for log in logs(folder.path()).await {
        let reading = Arc::clone(&log[0]);
        let servers = two(log).await;
        for session in 0..10 {
            let session = format!("alternating-{session}");
            let mut sent = Vec::new();
            for number in 0..6 {
                let text = format!("text{number}");
                let run = servers[number % 2].run(&session, &text).await;
                let kinds = kinds(&Stream::of(run).rest().await);
                assert_eq!((&*kinds[0], &*kinds[4]), ("run_started", &*text.to_uppercase()));
                assert_eq!(kinds.last().unwrap(), "run_paused");
                sent.push(text);
            }
            assert_eq!(started(&reading, &session).await, sent);
        }
    }
}

#[tokio::test]
async fn runs_sent_concurrently_to_two_processes_are_in_the_log_if_accepted() {
    let folder = tempfile::tempdir().unwrap();
    for log in logs(folder.path()).await {
        let reading = Arc::clone(&log[0]);
        let servers = two(log).await;
        for session in 0..10 {
            let session = format!("concurrent-{session}");
            let query = "if_running=wait&if_unfinished=restart";
            let path = format!("/sessions/{session}/runs?{query}");
            let sends = (0..10).map(async |number| {
                let text = format!("text{number}");
                let body = json!({ "text": text });
                let response = servers[number % 2].post(&path, &body).await;
                if response.status() != 200 {
                    let (status, code) = problem(response).await;
                    assert_eq!((status, &*code), (409, "fenced"));
                    return (text, false);
                }
                let kinds = kinds(&Stream::of(response).rest().await);
                assert_eq!(kinds[0], "run_started", "{kinds:?}");
                // only its own items, and at most one start: the run may have been interrupted
                let items = kinds.iter().filter(|kind| kind.starts_with("TEXT"));
                assert!(items.clone().all(|item| *item == text.to_uppercase()), "{kinds:?}");
                assert_eq!(kinds.iter().filter(|kind| *kind == "run_started").count(), 1);
                (text, true)
            });
            let answers = futures_util::future::join_all(sends).await;
            let mut accepted: Vec<_> =
                answers.into_iter().filter(|answer| answer.1).map(|answer| answer.0).collect();
            let mut started = started(&reading, &session).await;
            accepted.sort();
            started.sort();
            assert_eq!(started, accepted);
        }
    }
}

/// The cases have the fates of the appends of a start, the reads that fail, and the expected response.
#[tokio::test]
async fn response_to_a_start_whose_append_failed_depends_on_the_log() {
    let refused = Fate::Refused;
    for (fates, reads, status, code, runs) in [
        // retried once
        (vec![refused], vec![], 202, "", 1),
        (vec![refused, refused], vec![], 503, "unavailable", 0),
        (vec![Fate::StoredAndFailed], vec![], 202, "", 1),
        (vec![refused, Fate::StoredAndFailed], vec![], 202, "", 1),
        // and the log cannot be read afterwards
        (vec![refused], vec![Call::Info], 503, "may_have_started", 0),
        (vec![Fate::StoredAndFailed], vec![Call::Info], 503, "may_have_started", 1),
        (vec![Fate::StoredAndFailed], vec![Call::Open], 503, "may_have_started", 1),
    ] {
        for durability in [Durability::Item, Durability::Commit] {
            let inner: Arc<dyn Log> = Arc::new(MemoryLog::new());
            let log = FaultyLog::new(Arc::clone(&inner));
            let with = match durability {
                Durability::Item => |server: burdock_serve::ServerBuilder<_>| server,
                _ => {
                    |server: burdock_serve::ServerBuilder<_>| server.durability(Durability::Commit)
                }
            };
            let served = serve_with(log.clone(), with).await;
            Stream::of(served.run("a", "first").await).rest().await;
            let case = format!("{fates:?} {reads:?}");
            log.fates(fates.clone());
            for call in &reads {
                log.fail(*call);
            }
            let path = "/sessions/a/runs?stream=false";
            let response = served.post(path, &json!({ "text": "second" })).await;
            if status == 202 {
                assert_eq!(response.status(), 202, "{case}");
                let accepted: Value = response.json().await.unwrap();
                let from = accepted["cursor"].as_str().unwrap();
                let path = format!("/sessions/a/events?until=run&from={from}");
                let kinds = kinds(&Stream::of(served.get(&path).await).rest().await);
                assert_eq!(kinds[0], "run_started", "{case}: {kinds:?}");
                assert_eq!(kinds.last().unwrap(), "run_paused", "{case}: {kinds:?}");
            } else {
                assert_eq!(problem(response).await, (status, code.to_owned()), "{case}");
            }
            let mut expected = vec!["first".to_owned()];
            expected.extend((0..runs).map(|_| "second".to_owned()));
            assert_eq!(started(&inner, "a").await, expected, "{case}");
        }
    }
}

#[tokio::test]
async fn run_that_has_started_is_accepted_even_if_its_stream_cannot_be_opened() {
    let log = FaultyLog::new(MemoryLog::new());
    let served = serve_with(log.clone(), |server| server).await;
    Stream::of(served.run("a", "first").await).rest().await;
    log.fail(Call::Info);
    let run = served.run("a", "second").await;
    let before = run.headers()["burdock-cursor"].to_str().unwrap().to_owned();
    let events = Stream::of(run).rest().await;
    assert_eq!(
        (&events[0].data["type"], &events[0].data["code"]),
        (&json!("error"), &json!("unavailable"))
    );
    assert_eq!(events[0].id.as_deref(), Some(&*before));
    let path = format!("/sessions/a/events?until=run&from={before}");
    let kinds = kinds(&Stream::of(served.get(&path).await).rest().await);
    assert_eq!(kinds[0], "run_started");
    assert!(kinds.contains(&"SECOND".to_owned()) && kinds.ends_with(&["run_paused".into()]));
}

#[tokio::test]
async fn stream_of_a_run_ends_before_the_run_of_another_process() {
    let log = MemoryLog::new();
    let [first, second] = two([Arc::new(log.clone()), Arc::new(log)]).await;
    let mut run = Stream::of(first.run("a", "one wait! two").await);
    let seen = run.until("item").await;
    // after the start of the run, so that the following events belong to it
    let from = seen[0].id.clone().unwrap();
    let path = "/sessions/a/runs?if_unfinished=restart";
    let other = Stream::of(second.post(path, &json!({ "text": "other" })).await);
    assert!(kinds(&other.rest().await).contains(&"OTHER".to_owned()));
    // the same events for a reader that reconnects
    let reconnected = events_from(&second, &from).await;
    assert_eq!(kinds(&reconnected)[..reconnected.len() - 1], kinds(&seen)[1..]);
    for rest in [run.rest().await, reconnected] {
        assert_eq!(rest.last().unwrap().data["code"], json!("interrupted"), "{rest:?}");
        assert!(!kinds(&rest).contains(&"OTHER".to_owned()));
    }
    first.gate.0.add_permits(1);
}

async fn events_from(served: &Served, from: &str) -> Vec<crate::client::Received> {
    let path = format!("/sessions/a/events?until=run&from={from}");
    Stream::of(served.get(&path).await).rest().await
}

/// A process whose start was rejected does not mistake a later start for it.
#[tokio::test]
async fn start_after_a_rejected_one_and_a_takeover_is_not_mistaken_for_it() {
    for fates in [vec![Fate::Full], vec![Fate::Refused, Fate::Refused]] {
        let inner: Arc<dyn Log> = Arc::new(MemoryLog::new());
        let log = FaultyLog::new(Arc::clone(&inner));
        let [first, second] = two([Arc::new(log.clone()), Arc::clone(&inner)]).await;
        Stream::of(first.run("a", "one").await).rest().await;
        log.fates(fates);
        assert!(first.run("a", "two").await.status().is_server_error());
        Stream::of(second.run("a", "three").await).rest().await;
        let kinds = kinds(&Stream::of(first.run("a", "four").await).rest().await);
        assert!(kinds.contains(&"FOUR".to_owned()), "{kinds:?}");
        assert_eq!(started(&inner, "a").await, ["one", "three", "four"]);
    }
}

#[tokio::test]
async fn run_continues_after_its_client_disconnects_during_the_start() {
    let inner: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let log = FaultyLog::new(Arc::clone(&inner));
    let served = serve_with(log.clone(), |server| server).await;
    Stream::of(served.run("a", "one").await).rest().await;
    log.fates([Fate::Held, Fate::StoredAndFailed]);
    let run = served.run("a", "two");
    let held = async {
        while log.held() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = run => panic!("the log holds the start back"),
        () = held => {}
    }
    log.release_next();
    // waits for the run that the client has left
    let path = "/sessions/a/runs?if_running=wait&if_unfinished=restart";
    Stream::of(served.post(path, &json!({ "text": "three" })).await).rest().await;
    assert_eq!(started(&inner, "a").await, ["one", "two", "three"]);
}
