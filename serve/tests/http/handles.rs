//! Session handles, together with clients of the same sessions.

use crate::{
    client::{Served, Stream, kinds, problem, serve, serve_with},
    graph::{Echo, EchoInputs},
};
use burdock::log::{Cursor, MemoryLog};
use burdock_serve::{
    Event, IfRunning, IfUnfinished, RunEnd, SessionError, SessionEvents, SessionHandle,
};
use burdock_tests::faulty::{Call, Fate, FaultyLog};
use futures_util::FutureExt as _;
use serde_json::json;

pub(crate) fn inputs(text: &str) -> EchoInputs {
    EchoInputs { text: text.into() }
}

fn session(served: &Served, id: &str) -> SessionHandle<Echo> {
    served.server.session(id).unwrap()
}

/// Reads until the first item.
async fn first_item(events: &mut SessionEvents) {
    while !matches!(events.next().await.unwrap().unwrap().event, Event::Item { .. }) {}
}

async fn rest(mut events: SessionEvents) -> Vec<(Option<Cursor>, serde_json::Value)> {
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        let event = event.unwrap();
        seen.push((event.cursor, serde_json::to_value(&event).unwrap()));
    }
    seen
}

pub(crate) fn paused() -> RunEnd {
    RunEnd::Paused { node: "hear".into() }
}

#[tokio::test]
async fn run_started_in_code_is_followed_over_http() {
    let served = serve().await;
    let run = session(&served, "a").start(inputs("one wait! two")).await.unwrap();
    assert_eq!(run.cursor().to_string(), "1.0");
    let path = format!("/sessions/a/events?until=run&from={}", run.cursor());
    let mut client = Stream::of(served.get(&path).await);
    client.until("item").await;
    assert_eq!(problem(served.run("a", "no").await).await, (409, "running".into()));
    served.gate.0.add_permits(1);
    assert_eq!(run.finish().await.unwrap(), paused());
    assert!(kinds(&client.rest().await).contains(&"TWO".to_owned()));
    // again, after the end
    assert_eq!(run.finish().await.unwrap(), paused());
}

#[tokio::test]
async fn run_started_over_http_is_followed_in_code() {
    let served = serve().await;
    let received = Stream::of(served.run("a", "one two").await).rest().await;
    let session = session(&served, "a");
    let mut events = session.follow(None).await.unwrap();
    for expected in &received {
        let event = events.next().await.unwrap().unwrap();
        assert_eq!(event.cursor.unwrap().to_string(), *expected.id.as_ref().unwrap());
        assert_eq!(serde_json::to_value(&event).unwrap(), expected.data);
    }
    // it continues across runs, from any cursor
    let last = received[received.len() - 2].id.as_ref().unwrap().parse::<Cursor>().unwrap();
    let mut later = session.follow(last).await.unwrap();
    assert!(matches!(later.next().await.unwrap().unwrap().event, Event::RunPaused { .. }));
    served.run("a", "three").await.text().await.unwrap();
    for events in [&mut events, &mut later] {
        let next = events.next().await.unwrap().unwrap();
        assert!(matches!(next.event, Event::RunStarted { run: 2, .. }), "{next:?}");
    }
}

#[tokio::test]
async fn stream_of_a_run_ends_with_the_run() {
    let served = serve().await;
    let run = session(&served, "a").start_json(json!({ "text": "one" })).await.unwrap();
    let seen = rest(run.follow().await.unwrap()).await;
    assert_eq!(seen[0].1["type"], "run_started");
    assert_eq!(seen.last().unwrap().1["type"], "run_paused");
    let received = Stream::of(served.get("/sessions/a/events?until=run").await).rest().await;
    let ids: Vec<_> = seen.iter().map(|(cursor, _)| cursor.map(|at| at.to_string())).collect();
    assert_eq!(ids, received.iter().map(|event| event.id.clone()).collect::<Vec<_>>());
}

#[tokio::test]
async fn stop_in_code_keeps_the_shown_items() {
    let served = serve().await;
    let mut client = Stream::of(served.run("a", "one wait! two").await);
    client.until("item").await;
    let session = session(&served, "a");
    assert!(session.is_running());
    session.stop().await.unwrap();
    assert_eq!(kinds(&client.rest().await), ["step_committed", "run_paused"]);
    let view = session.view().await.unwrap();
    assert_eq!(view.state.texts.iter().collect::<Vec<_>>(), ["one wait! two", "ONE"]);
    // without a run, a stop does nothing
    session.stop().await.unwrap();
}

#[tokio::test]
async fn view_has_private_fields_and_whether_a_run_is_in_progress() {
    let served = serve().await;
    let session = session(&served, "a");
    let run = session.start(inputs("one wait!")).await.unwrap();
    first_item(&mut run.follow().await.unwrap()).await;
    let view = session.view().await.unwrap();
    assert_eq!((view.state.secret, view.running), (1, true));
    assert!(matches!(view.position, burdock::Position::Unfinished(_)));
    served.gate.0.add_permits(1);
    run.finish().await.unwrap();
    let view = session.view().await.unwrap();
    assert!(matches!(view.position, burdock::Position::Rest(_)) && !view.running);
}

#[tokio::test]
async fn failed_run_is_resumed_or_restarted() {
    let served = serve().await;
    let session = session(&served, "a");
    let run = session.start(inputs("one fail!")).await.unwrap();
    let failed = RunEnd::Failed { node: "speak".into(), error: "the words ran out".into() };
    assert_eq!(run.finish().await.unwrap(), failed);
    let again = session.start(inputs("two")).await.unwrap_err();
    assert!(matches!(again, SessionError::Unfinished { node: "speak" }), "{again}");
    assert_eq!(session.resume().await.unwrap().finish().await.unwrap(), failed);
    let restart = session.start(inputs("two")).if_unfinished(IfUnfinished::Restart);
    assert_eq!(restart.await.unwrap().finish().await.unwrap(), paused());
}

#[tokio::test]
async fn starts_wait_for_a_run_or_stop_it() {
    let served = serve().await;
    let session = session(&served, "a");
    let first = session.start(inputs("one wait!")).await.unwrap();
    first_item(&mut first.follow().await.unwrap()).await;
    let rejected = session.start(inputs("two")).await.unwrap_err();
    assert!(matches!(rejected, SessionError::Running));
    let waiting = session.start(inputs("two")).if_running(IfRunning::Wait);
    let stopping = session.start(inputs("three")).if_running(IfRunning::Stop);
    let stopping = stopping.if_unfinished(IfUnfinished::Restart);
    let (second, third) = tokio::join!(waiting, stopping);
    assert_eq!(first.finish().await.unwrap(), paused());
    // before its first step
    let stopped = RunEnd::Stopped { node: "hear".into() };
    assert_eq!(second.unwrap().finish().await.unwrap(), stopped);
    assert_eq!(third.unwrap().finish().await.unwrap(), paused());
}

/// Returns the error of a call, which must be that of the same request of a client.
async fn same_error(error: Result<(), SessionError>, response: reqwest::Response) -> SessionError {
    let error = error.unwrap_err();
    let (_, code) = problem(response).await;
    assert_eq!(code, error.code());
    error
}

#[tokio::test]
async fn errors_of_handles_are_those_of_requests() {
    let served = serve().await;
    let (none, a) = (session(&served, "none"), session(&served, "a"));
    let null = json!(null);
    let fork = json!({ "session": "b" });
    for (error, response) in [
        (none.stop().await, served.post("/sessions/none/stop", &null).await),
        (none.reopen().await, served.post("/sessions/none/reopen", &null).await),
        (none.view().await.map(drop), served.get("/sessions/none").await),
        (none.follow(None).await.map(drop), served.get("/sessions/none/events").await),
        (none.resume().await.map(drop), served.post("/sessions/none/resume", &null).await),
        (none.fork(None, "b").await.map(drop), served.post("/sessions/none/fork", &fork).await),
    ] {
        let error = same_error(error, response).await;
        assert!(matches!(error, SessionError::NotFound { .. }), "{error}");
    }
    a.start(inputs("hi")).await.unwrap().finish().await.unwrap();
    for inputs in [json!([]), json!({}), json!({ "text": 1 }), json!({ "text": "", "more": 1 })] {
        let response = served.post("/sessions/a/runs", &inputs).await;
        let error = same_error(a.start_json(inputs).await.map(drop), response).await;
        assert!(matches!(error, SessionError::InvalidInputs { .. }), "{error}");
    }
    let response = served.post("/sessions/a/resume", &null).await;
    let error = same_error(a.resume().await.map(drop), response).await;
    assert!(matches!(error, SessionError::AtRest), "{error}");
    let response = served.post("/sessions/a/reopen", &null).await;
    let error = same_error(a.reopen().await, response).await;
    assert!(matches!(error, SessionError::NotEnded), "{error}");
    let response = served.get("/sessions/a/events?from=9.999").await;
    let cursor = "9.999".parse::<Cursor>().unwrap();
    let error = same_error(a.follow(cursor).await.map(drop), response).await;
    assert!(matches!(error, SessionError::InvalidCursor(_)), "{error}");
    let response = served.run("a%0ab", "hi").await;
    let unseen = session(&served, "a\nb").start(inputs("hi")).await.map(drop);
    let error = same_error(unseen, response).await;
    assert!(matches!(error, SessionError::InvalidId(_)), "{error}");
    let existing = none.start(inputs("hi")).existing().await.unwrap_err();
    assert!(matches!(existing, SessionError::NotFound { .. }), "{existing}");
    let taken = a.start(inputs("hi")).new_only().await.unwrap_err();
    assert!(matches!(taken, SessionError::AlreadyExists { .. }), "{taken}");
    let empty = served.server.session("").unwrap_err();
    assert!(matches!(empty, SessionError::InvalidId(_)), "{empty}");
    assert_eq!(served.get("/sessions/none").await.status(), 404, "a session was created");
}

#[tokio::test]
async fn error_of_the_log_shows_whether_the_run_may_have_started() {
    let log = FaultyLog::new(MemoryLog::new());
    let served = serve_with(log.clone(), |server| server).await;
    let session = session(&served, "a");
    let start = async || session.start(inputs("one")).await;
    start().await.unwrap().finish().await.unwrap();
    log.fates([Fate::Refused, Fate::Refused]);
    let unavailable = start().await.unwrap_err();
    assert!(matches!(unavailable, SessionError::Unavailable(_)) && unavailable.is_retryable());
    log.fates([Fate::Refused]);
    log.fail(Call::Info);
    let unknown = start().await.unwrap_err();
    assert!(matches!(unknown, SessionError::MayHaveStarted(_)) && !unknown.is_retryable());
    log.fates([Fate::Full]);
    assert!(matches!(start().await.unwrap_err(), SessionError::Full(_)));
}

#[tokio::test]
async fn interrupted_run_ends_its_stream_with_an_error() {
    let log = FaultyLog::new(MemoryLog::new());
    let served = serve_with(log.clone(), |server| server).await;
    let run = session(&served, "a").start(inputs("one wait! two")).await.unwrap();
    first_item(&mut run.follow().await.unwrap()).await;
    log.fates([Fate::Refused]);
    let (end, ()) = tokio::join!(run.finish(), async { served.gate.0.add_permits(1) });
    assert!(matches!(end.unwrap_err(), SessionError::Interrupted));
}

#[tokio::test]
async fn deleted_session_ends_its_streams() {
    let served = serve().await;
    let session = session(&served, "a");
    session.start(inputs("one")).await.unwrap().finish().await.unwrap();
    let fork = session.fork(None, "b").await.unwrap();
    let mut events = session.follow(None).await.unwrap();
    session.delete().await.unwrap();
    let error = loop {
        match events.next().await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SessionError::Deleted { .. }), "{error}");
    assert!(events.next().await.is_none());
    assert_eq!(fork.view().await.unwrap().state.texts.len(), 2);
}

/// The second of two simultaneous starts does not wait for the run of the first, even if the previous run is over.
#[tokio::test]
async fn start_that_rejects_does_not_wait_for_a_run_that_is_about_to_start() {
    let served = serve().await;
    let session = session(&served, "a");
    session.start(inputs("one")).await.unwrap().finish().await.unwrap();
    let mut first = session.start(inputs("two wait!")).if_running(IfRunning::Wait).into_future();
    // it has the permit, but is not in the log yet
    assert!((&mut first).now_or_never().is_none());
    let second = session.start(inputs("three"));
    let first = async {
        let run = first.await.unwrap();
        first_item(&mut run.follow().await.unwrap()).await;
        served.gate.0.add_permits(1);
        run.finish().await.unwrap()
    };
    let (first, second) = tokio::join!(first, second.into_future());
    assert_eq!(first, paused());
    assert!(matches!(second, Err(SessionError::Running)), "{second:?}");
}

#[tokio::test]
async fn limits_of_readers_apply_only_to_clients() {
    let served = serve_with(MemoryLog::new(), |server| server.max_readers(1)).await;
    let session = session(&served, "a");
    session.start(inputs("one")).await.unwrap().finish().await.unwrap();
    let _internal = [session.follow(None).await.unwrap(), session.follow(None).await.unwrap()];
    let _client = Stream::of(served.get("/sessions/a/events").await);
    let second = served.get("/sessions/a/events").await;
    assert_eq!(problem(second).await, (429, "too_many_readers".into()));
    drop(session.follow(None).await.unwrap());
}

#[tokio::test]
async fn start_continues_after_its_future_was_dropped() {
    let log = FaultyLog::new(MemoryLog::new());
    let served = serve_with(log.clone(), |server| server).await;
    let session = session(&served, "a");
    session.start(inputs("one")).await.unwrap().finish().await.unwrap();
    log.fates([Fate::Held]);
    let held = async {
        while log.held() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = session.start(inputs("two")) => panic!("the log holds the start back"),
        () = held => {}
    }
    log.release_next();
    let third = session.start(inputs("three")).if_running(IfRunning::Wait).await.unwrap();
    third.finish().await.unwrap();
    let texts = session.view().await.unwrap().state.texts;
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    assert_eq!(texts, ["one", "ONE", "two", "TWO", "three", "THREE"]);
}

#[tokio::test]
async fn start_that_is_dropped_while_it_waits_is_withdrawn() {
    let served = serve().await;
    let session = session(&served, "a");
    let run = session.start(inputs("one wait!")).await.unwrap();
    let mut waiting =
        session.start(inputs("two")).if_running(IfRunning::Wait).into_future().boxed();
    assert!((&mut waiting).now_or_never().is_none());
    drop(waiting);
    served.gate.0.add_permits(1);
    run.finish().await.unwrap();
    session
        .start(inputs("three"))
        .if_running(IfRunning::Wait)
        .await
        .unwrap()
        .finish()
        .await
        .unwrap();
    assert_eq!(session.view().await.unwrap().state.texts.len(), 4);
}

#[tokio::test]
async fn handles_can_only_read_after_a_shutdown() {
    let served = serve().await;
    let session = session(&served, "a");
    let run = session.start(inputs("one wait! two")).await.unwrap();
    first_item(&mut run.follow().await.unwrap()).await;
    let mut events = session.follow(None).await.unwrap();
    served.server.shutdown().await;
    let error = loop {
        if let Err(error) = events.next().await.unwrap() {
            break error;
        }
    };
    assert!(matches!(error, SessionError::ShuttingDown), "{error}");
    for error in [
        session.start(inputs("two")).await.map(drop),
        session.resume().await.map(drop),
        session.reopen().await,
        session.follow(None).await.map(drop),
        run.finish().await.map(drop),
    ] {
        assert!(matches!(error, Err(SessionError::ShuttingDown)), "{error:?}");
    }
    // stopped at a commit
    let view = session.view().await.unwrap();
    assert_eq!(view.state.texts.iter().collect::<Vec<_>>(), ["one wait! two", "ONE"]);
    assert!(!session.is_running());
    served.server.shutdown().await;
}

/// A reader whose cursor is after the failed step still receives the reason.
#[tokio::test]
async fn reason_of_a_failed_run_does_not_depend_on_the_cursor() {
    let served = serve().await;
    for (text, reason) in [("one fail!", "the words ran out"), ("panic!", "the action panicked")] {
        let session = session(&served, reason.split(' ').next_back().unwrap());
        let run = session.start(inputs(text)).await.unwrap();
        let seen = rest(run.follow().await.unwrap()).await;
        let from = [seen.len() - 2, seen.len() - 3].map(|at| seen[at].0);
        let mut reasons = vec![seen.last().unwrap().1["error"].clone()];
        for from in from {
            let path =
                format!("/sessions/{}/events?until=run&from={}", session.id(), from.unwrap());
            let received = Stream::of(served.get(&path).await).rest().await;
            reasons.push(received.last().unwrap().data["error"].clone());
        }
        assert_eq!(reasons, [json!(reason), json!(reason), json!(reason)]);
    }
}
