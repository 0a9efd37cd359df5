//! What an answer says of the start of a run: it is in the log once, or it did not happen.

use crate::client::{Served, Stream, kinds, problem, serve_with};
use burdock::log::{Durability, EntryKind, Log, MemoryLog, Offset, SessionId};
use burdock_sqlite::SqliteLog;
use burdock_tests::faulty::{Call, Fate, FaultyLog};
use serde_json::{Value, json};
use std::{path::Path, sync::Arc};

/// The texts of the runs that a log has of a session, as `run_started` entries.
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

/// Two servers on one log, as two processes have it.
async fn two(log: [Arc<dyn Log>; 2]) -> [Served; 2] {
    let [a, b] = log;
    [serve_with(a, |server| server).await, serve_with(b, |server| server).await]
}

async fn sqlite(path: &Path) -> Arc<dyn Log> {
    Arc::new(SqliteLog::open(path).await.unwrap())
}

/// Each log twice: once for each process.
async fn logs(folder: &Path) -> Vec<[Arc<dyn Log>; 2]> {
    let memory: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let path = folder.join("log.db");
    vec![[Arc::clone(&memory), memory], [sqlite(&path).await, sqlite(&path).await]]
}

#[tokio::test]
async fn runs_sent_to_two_processes_in_turn_are_each_in_the_log_once() {
    let folder = tempfile::tempdir().unwrap();
    for log in logs(folder.path()).await {
        let reading = Arc::clone(&log[0]);
        let servers = two(log).await;
        for session in 0..10 {
            let session = format!("turns-{session}");
            let mut sent = Vec::new();
            for turn in 0..6 {
                let text = format!("turn{turn}");
                let run = servers[turn % 2].run(&session, &text).await;
                let told = kinds(&Stream::of(run).rest().await);
                assert_eq!((&*told[0], &*told[4]), ("run_started", &*text.to_uppercase()));
                assert_eq!(told.last().unwrap(), "run_paused");
                sent.push(text);
            }
            assert_eq!(started(&reading, &session).await, sent);
        }
    }
}

#[tokio::test]
async fn runs_sent_to_two_processes_at_once_are_in_the_log_if_they_were_accepted() {
    let folder = tempfile::tempdir().unwrap();
    for log in logs(folder.path()).await {
        let reading = Arc::clone(&log[0]);
        let servers = two(log).await;
        for session in 0..10 {
            let session = format!("once-{session}");
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
                let told = kinds(&Stream::of(response).rest().await);
                assert_eq!(told[0], "run_started", "{told:?}");
                // its own items alone, and an end: its own or an interruption
                let items = told.iter().filter(|kind| kind.starts_with("TEXT"));
                assert!(items.clone().all(|item| *item == text.to_uppercase()), "{told:?}");
                assert_eq!(told.iter().filter(|kind| *kind == "run_started").count(), 1);
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

/// What becomes of the appends of a start, and what the client reads.
#[tokio::test]
async fn a_start_whose_append_fails_is_answered_as_the_log_has_it() {
    let refused = Fate::Refused;
    for (fates, reads, status, code, runs) in [
        // tried again once
        (vec![refused], vec![], 202, "", 1),
        (vec![refused, refused], vec![], 503, "unavailable", 0),
        (vec![Fate::StoredAndFailed], vec![], 202, "", 1),
        (vec![refused, Fate::StoredAndFailed], vec![], 202, "", 1),
        // and the log does not say what it has
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
                let place: Value = response.json().await.unwrap();
                let from = place["cursor"].as_str().unwrap();
                let path = format!("/sessions/a/events?until=run&from={from}");
                let told = kinds(&Stream::of(served.get(&path).await).rest().await);
                assert_eq!(told[0], "run_started", "{case}: {told:?}");
                assert_eq!(told.last().unwrap(), "run_paused", "{case}: {told:?}");
            } else {
                assert_eq!(problem(response).await, (status, code.to_owned()), "{case}");
            }
            let mut expected = vec!["first".to_owned()];
            expected.extend((0..runs).map(|_| "second".to_owned()));
            assert_eq!(started(&inner, "a").await, expected, "{case}");
        }
    }
}

/// A run that has started is accepted, though the log cannot be read right behind that.
#[tokio::test]
async fn a_run_that_has_started_is_accepted_although_its_stream_cannot_be_opened() {
    let log = FaultyLog::new(MemoryLog::new());
    let served = serve_with(log.clone(), |server| server).await;
    Stream::of(served.run("a", "first").await).rest().await;
    log.fail(Call::Info);
    let run = served.run("a", "second").await;
    let before = run.headers()["burdock-cursor"].to_str().unwrap().to_owned();
    let told = Stream::of(run).rest().await;
    assert_eq!(
        (&told[0].data["type"], &told[0].data["code"]),
        (&json!("error"), &json!("unavailable"))
    );
    assert_eq!(told[0].id.as_deref(), Some(&*before));
    let path = format!("/sessions/a/events?until=run&from={before}");
    let told = kinds(&Stream::of(served.get(&path).await).rest().await);
    assert_eq!(told[0], "run_started");
    assert!(told.contains(&"SECOND".to_owned()) && told.ends_with(&["run_paused".into()]));
}

#[tokio::test]
async fn the_stream_of_a_run_ends_before_the_run_of_another_process() {
    let log = MemoryLog::new();
    let [first, second] = two([Arc::new(log.clone()), Arc::new(log)]).await;
    let mut run = Stream::of(first.run("a", "one wait! two").await);
    let seen = run.until("item").await;
    // behind the start of the run, so that what follows is a part of it
    let place = seen[0].id.clone().unwrap();
    let path = "/sessions/a/runs?if_unfinished=restart";
    let other = Stream::of(second.post(path, &json!({ "text": "other" })).await);
    assert!(kinds(&other.rest().await).contains(&"OTHER".to_owned()));
    // told once, and to a reader who comes back to it as well
    let back = served_from(&second, &place).await;
    assert_eq!(kinds(&back)[..back.len() - 1], kinds(&seen)[1..]);
    for rest in [run.rest().await, back] {
        assert_eq!(rest.last().unwrap().data["code"], json!("interrupted"), "{rest:?}");
        assert!(!kinds(&rest).contains(&"OTHER".to_owned()));
    }
    first.gate.0.add_permits(1);
}

async fn served_from(served: &Served, place: &str) -> Vec<crate::client::Told> {
    let path = format!("/sessions/a/events?until=run&from={place}");
    Stream::of(served.get(&path).await).rest().await
}

/// The process that was refused keeps nothing that it would mistake for a later start.
#[tokio::test]
async fn a_start_after_a_refused_one_and_a_takeover_is_its_own() {
    for fates in [vec![Fate::Full], vec![Fate::Refused, Fate::Refused]] {
        let inner: Arc<dyn Log> = Arc::new(MemoryLog::new());
        let log = FaultyLog::new(Arc::clone(&inner));
        let [first, second] = two([Arc::new(log.clone()), Arc::clone(&inner)]).await;
        Stream::of(first.run("a", "one").await).rest().await;
        log.fates(fates);
        assert!(first.run("a", "two").await.status().is_server_error());
        Stream::of(second.run("a", "three").await).rest().await;
        let told = kinds(&Stream::of(first.run("a", "four").await).rest().await);
        assert!(told.contains(&"FOUR".to_owned()), "{told:?}");
        assert_eq!(started(&inner, "a").await, ["one", "three", "four"]);
    }
}

/// A client that leaves while its start is written leaves a run that comes to its end.
#[tokio::test]
async fn a_start_whose_client_has_left_is_continued() {
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
