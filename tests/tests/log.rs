//! Sessions on a log: what is recorded, and what is restored.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

use burdock::{
    App, Outcome, Position, RunErrorKind,
    log::{
        Claim, Durability, EntryKind, Followed, Log, LogError, MemoryLog, Offset, SessionId, follow,
    },
    run::{BuildError, ReadError, SessionView},
};
use burdock_tests::{
    clock::Clock,
    script::{Do, Drops, Line, LineInputs, LineNode as At, LineResources, Script},
};
use futures::StreamExt;
use std::{sync::Arc, time::Duration};

fn id() -> SessionId {
    SessionId::new("s").unwrap()
}

async fn open(log: &MemoryLog, script: Script) -> App<Line> {
    try_open(log, script).await.unwrap()
}

async fn try_open(log: &MemoryLog, script: Script) -> Result<App<Line>, BuildError> {
    let resources = LineResources { script, drops: Drops::default() };
    Line::app().id("s").resources(resources).log(log.clone()).build().await
}

/// The kinds of the entries, with their distinguishing values.
async fn entries(log: &MemoryLog) -> Vec<String> {
    let records = log.read(&id(), Offset::ZERO, 10_000).await.unwrap();
    let text = |kind: EntryKind| match kind {
        EntryKind::Item { item, .. } => format!("item {item}"),
        EntryKind::StepStarted { step, node, .. } => format!("step {step} {node}"),
        EntryKind::StepCommitted { step, node, .. } => format!("committed {step} {node}"),
        EntryKind::ItemsSuperseded { items, .. } => format!("superseded {items}"),
        other => other.name().to_owned(),
    };
    records.iter().map(|record| text(record.entry(&id()).unwrap().kind)).collect()
}

#[tokio::test]
async fn a_run_is_recorded_entry_by_entry() {
    let log = MemoryLog::new();
    let script = Script::default().on("first", [Do::Yield(1), Do::Yield(2)]);
    let mut app = open(&log, script).await;
    let end = app.run(LineInputs {}).await.unwrap();
    assert_eq!(end.outcome(), Outcome::Paused(At::first));
    assert_eq!(end.offset(), Some(Offset(10)));
    assert_eq!(
        entries(&log).await,
        [
            "session_created",
            "run_started",
            "step 0 first",
            "item 1",
            "item 2",
            "committed 0 first",
            "step 1 second",
            "committed 1 second",
            "step 2 third",
            "committed 2 third",
            "run_paused",
        ]
    );
}

#[tokio::test]
async fn opening_a_session_restores_its_state_and_position() {
    let log = MemoryLog::new();
    let mut app = open(&log, Script::default()).await;
    app.run(LineInputs {}).await.unwrap();
    let state = app.close().await.unwrap();
    let mut app = open(&log, Script::default()).await;
    assert_eq!(app.state(), &state);
    assert_eq!(app.position(), Position::Rest(At::first));
    app.run(LineInputs {}).await.unwrap();
    assert_eq!(app.state().nodes(), "first second third first second third");
}

#[tokio::test]
async fn an_unfinished_run_is_resumed_with_its_inputs_and_its_items_are_superseded() {
    let log = MemoryLog::new();
    let script = Script::default().on("second", [Do::Yield(7), Do::Hang]);
    let mut app = open(&log, script).await;
    let mut run = app.run(LineInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), 7);
    // simulates the death of the process
    std::mem::forget(run);
    std::mem::forget(app);
    let mut app = open(&log, Script::default()).await;
    assert_eq!(app.position(), Position::Unfinished(At::second));
    let error = app.run(LineInputs {}).await.unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Unfinished { node: "second" }));
    let end = app.resume().await.unwrap();
    assert_eq!(end.state().nodes(), "first second third");
    let entries = entries(&log).await;
    let tail = &entries[entries.len() - 7..];
    assert_eq!(
        tail,
        [
            "run_resumed",
            "superseded 1",
            "step 1 second",
            "committed 1 second",
            "step 2 third",
            "committed 2 third",
            "run_paused"
        ]
    );
}

#[tokio::test]
async fn items_are_superseded_even_if_the_restart_crashed_before_doing_so() {
    let log = MemoryLog::new();
    let mut app = open(&log, Script::default().on("second", [Do::Yield(7), Do::Hang])).await;
    let mut run = app.run(LineInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), 7);
    // simulates the death of the process
    std::mem::forget(run);
    std::mem::forget(app);
    let mut app = open(&log, Script::default()).await;
    let mut events = app.restart(LineInputs {}).events();
    assert_eq!(events.next().await.unwrap().unwrap().kind.name(), "run_started");
    std::mem::forget(events);
    std::mem::forget(app);
    let mut app = open(&log, Script::default()).await;
    app.resume().await.unwrap();
    let entries = entries(&log).await;
    assert_eq!(entries.iter().filter(|entry| *entry == "superseded 1").count(), 1, "{entries:?}");
}

#[tokio::test]
async fn a_dropped_run_is_recorded_as_cancelled() {
    let log = MemoryLog::new();
    let mut app = open(&log, Script::default().on("first", [Do::Yield(1), Do::Hang])).await;
    let mut run = app.run(LineInputs {});
    run.next().await.unwrap().unwrap();
    drop(run);
    assert_eq!(entries(&log).await.last().unwrap(), "run_cancelled");
    app.resume().await.unwrap();
    assert_eq!(app.state().nodes(), "first second third");
}

#[tokio::test]
async fn a_new_writer_fences_the_previous_writer() {
    let log = MemoryLog::new();
    let mut first = open(&log, Script::default()).await;
    let mut second = open(&log, Script::default()).await;
    let error = first.run(LineInputs {}).await.unwrap_err();
    assert!(
        matches!(error.kind(), RunErrorKind::Log { source: LogError::Fenced { .. }, .. }),
        "{error:?}"
    );
    assert_eq!(first.position(), Position::Rest(At::first));
    second.run(LineInputs {}).await.unwrap();
    let error = first.run(LineInputs {}).await.unwrap_err();
    assert!(
        matches!(error.kind(), RunErrorKind::Log { source: LogError::Fenced { .. }, .. }),
        "{error:?}"
    );
    assert_eq!(second.state().nodes(), "first second third");
}

#[tokio::test]
async fn a_fork_continues_from_any_entry_and_does_not_change_its_parent() {
    let log = MemoryLog::new();
    let mut app = open(&log, Script::default()).await;
    app.run(LineInputs {}).await.unwrap();
    let mut history = app.history().unwrap();
    let first = history.next().await.unwrap().unwrap();
    assert_eq!((first.node.as_str(), first.step), ("first", 0));
    let mut fork = app.fork(first.offset, "fork").await.unwrap();
    assert_eq!(fork.state().nodes(), "first");
    assert_eq!(fork.position(), Position::Unfinished(At::second));
    fork.resume().await.unwrap();
    fork.run(LineInputs {}).await.unwrap();
    assert_eq!(fork.state().nodes(), "first second third first second third");
    assert_eq!(app.state().nodes(), "first second third");
    let view = app.at(first.offset).await.unwrap();
    assert_eq!((view.state.nodes().as_str(), view.step), ("first", 1));
    let taken = app.fork(first.offset, "fork").await.unwrap_err();
    assert_eq!(taken.to_string(), "the session `fork` already exists");
    let future = app.at(Offset(1000)).await.unwrap_err();
    assert!(matches!(future, ReadError::Log(LogError::NoEntry { .. })));
}

#[tokio::test]
async fn new_writer_starts_after_the_previous_writers_last_entry() {
    let log = MemoryLog::new();
    let mut app = open(&log, Script::default()).await;
    app.run(LineInputs {}).await.unwrap();
    let last = app.cursor();
    let mut next = open(&log, Script::default()).await;
    assert_eq!(next.cursor(), last);
    let shared: Arc<dyn Log> = Arc::new(log.clone());
    let mut follow = follow(&shared, &id(), next.cursor()).await.unwrap();
    next.run(LineInputs {}).await.unwrap();
    let Followed::Record(record) = follow.next().await.unwrap().unwrap() else { panic!() };
    assert!(record.epoch > last.unwrap().epoch, "{record:?}");
}

#[tokio::test]
async fn a_session_can_be_viewed_without_opening_it() {
    let log = MemoryLog::new();
    let shared: Arc<dyn Log> = Arc::new(log.clone());
    let missing = SessionView::<Line>::latest(&shared, &id()).await.unwrap_err();
    assert!(matches!(missing, ReadError::Log(LogError::NoSession { .. })), "{missing}");
    let script = Script::default().on("second", [Do::Yield(1), Do::Fail("no")]);
    let mut app = open(&log, script).await;
    app.run(LineInputs {}).await.unwrap_err();
    let view = SessionView::<Line>::latest(&shared, &id()).await.unwrap();
    assert_eq!((view.state.nodes().as_str(), view.step, view.run), ("first", 1, 1));
    assert_eq!(view.position, Position::Unfinished(At::second));
    assert_eq!(Some(view.cursor), app.cursor());
    // a consumer that follows from the last commit receives the item that no commit covers
    let mut follow = follow(&shared, &id(), Some(view.moved)).await.unwrap();
    let mut kinds = Vec::new();
    while kinds.last() != Some(&"item") {
        let Followed::Record(record) = follow.next().await.unwrap().unwrap() else { continue };
        kinds.push(record.entry(&id()).unwrap().kind.name());
    }
    assert_eq!(kinds, ["step_started", "item"]);
    // the app is still the writer
    app.resume().await.unwrap();
}

#[tokio::test]
async fn snapshots_bound_what_opening_reads() {
    let log = MemoryLog::new();
    let mut app = open(&log, Script::default()).await;
    for _ in 0..300 {
        app.run(LineInputs {}).await.unwrap();
    }
    let info = log.info(&id()).await.unwrap();
    assert!(info.snapshot.unwrap() > Offset(1000), "{info:?}");
    let state = app.close().await.unwrap();
    assert_eq!(open(&log, Script::default()).await.state(), &state);
}

#[tokio::test]
async fn events_carry_the_cursor_of_their_entry() {
    let log = MemoryLog::new();
    let script = Script::default().on("first", [Do::Yield(1)]);
    for durability in
        [Durability::Commit, Durability::Item, Durability::Batch(std::time::Duration::ZERO)]
    {
        let resources = LineResources { script: script.clone(), drops: Drops::default() };
        let id = format!("{durability:?}");
        let app = Line::app().id(&id).resources(resources).log(log.clone());
        let mut app = app.durability(durability).build().await.unwrap();
        let events: Vec<_> = app.run(LineInputs {}).events().map(Result::unwrap).collect().await;
        let session = SessionId::new(id).unwrap();
        for event in events {
            let cursor = event.cursor.unwrap();
            let record = log.read(&session, cursor.offset, 1).await.unwrap().remove(0);
            let name = record.entry(&session).unwrap().kind.name();
            let expected = match event.kind.name() {
                "run_finished" => "run_paused",
                other => other,
            };
            assert_eq!((name, record.cursor()), (expected, cursor));
        }
    }
}

#[tokio::test]
async fn under_item_durability_the_log_has_every_event_before_a_consumer_does() {
    let log = MemoryLog::new();
    let script = Script::default()
        .on("first", [Do::Yield(1), Do::Yield(2)])
        .on("second", [Do::Yield(3), Do::Fail("no")]);
    let resources = LineResources { script, drops: Drops::default() };
    let app = Line::app().id("s").resources(resources).log(log.clone());
    let mut app = app.durability(Durability::Item).build().await.unwrap();
    let mut shown = 0;
    for run in ["run", "resume"] {
        let run = if run == "run" { app.run(LineInputs {}) } else { app.resume() };
        let mut events = run.events();
        while let Some(event) = events.next().await {
            let Ok(event) = event else { break };
            let next = log.info(&id()).await.unwrap().next;
            assert!(event.cursor.unwrap().offset < next, "{event:?} at {:?}: {next}", event.cursor);
            shown += 1;
        }
    }
    assert_eq!(shown, 16);
}

#[tokio::test]
async fn an_event_that_the_log_did_not_store_has_no_cursor() {
    let log = MemoryLog::new();
    let mut app = open(&log, Script::default()).await;
    let other = open(&log, Script::default()).await;
    let mut events = app.run(LineInputs {}).events();
    assert!(events.next().await.unwrap().is_err());
    drop(events);
    assert_eq!(app.cursor(), None);
    drop(other);
    let mut app = open(&log, Script::default().on("second", [Do::Fail("no")])).await;
    let mut run = app.run(LineInputs {});
    run.step().await.unwrap();
    open(&log, Script::default()).await;
    let mut events = run.events();
    while let Some(Ok(event)) = events.next().await {
        match event.kind.name() {
            "run_failed" => assert_eq!(event.cursor, None),
            _ => assert!(event.cursor.is_some(), "{event:?}"),
        }
    }
}

#[tokio::test]
async fn existing_and_new_only_check_whether_the_session_exists() {
    let log = Arc::new(MemoryLog::new());
    let app = || {
        let resources = LineResources { script: Script::default(), drops: Drops::default() };
        Line::app().id("s").resources(resources).log(Arc::clone(&log))
    };
    let error = app().existing().build().await.unwrap_err().to_string();
    assert_eq!(error, "there is no session `s`");
    drop(app().new_only().build().await.unwrap());
    let error = app().new_only().build().await.unwrap_err().to_string();
    assert_eq!(error, "the session `s` already exists");
    drop(app().existing().build().await.unwrap());
}

/// A later version of the graph, with another name and without the node of the session.
mod other {
    use burdock::prelude::*;
    use burdock_tests::script::Log;

    #[action(state = Log, reads(rounds), writes(rounds))]
    async fn count(log: Reads<'_>) -> Result<Writes> {
        Ok(Writes { rounds: log.rounds + 1 })
    }

    graph! {
        #[renamed_from("Line")]
        pub Other(Log) {
            nodes { count }
            start count;
            count -> pause;
        }
    }
}

#[tokio::test]
async fn opening_with_a_graph_that_does_not_fit_does_not_fence_the_writer() {
    let log = MemoryLog::new();
    let mut app = open(&log, Script::default()).await;
    let error = other::Other::app().id("s").log(log.clone()).build().await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the session is at node `first`, which graph `Other` does not have"),
        "{error}"
    );
    app.run(LineInputs {}).await.unwrap();
    assert_eq!(app.state().nodes(), "first second third");
}

#[tokio::test]
async fn memory_log_measures_idle_time_by_its_runtime() {
    let (clock, minute) = (Clock::default(), Duration::from_mins(1));
    let log = MemoryLog::with_runtime(clock.clone());
    let claim = Claim { idle_for: Some(minute), ..Claim::default() };
    log.open(&id(), claim).await.unwrap();
    clock.advance(Duration::from_secs(59));
    let error = log.open(&id(), claim).await.unwrap_err();
    let expected = Duration::from_secs(59);
    assert!(matches!(&error, LogError::Busy { ago, .. } if *ago == expected), "{error:?}");
    clock.advance(Duration::from_secs(1));
    log.open(&id(), claim).await.unwrap();
}
