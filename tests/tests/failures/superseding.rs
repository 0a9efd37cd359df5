//! Retries after items were shown.

use burdock::{
    Outcome, Position, Retry,
    log::{EntryKind, Log as _, MemoryLog, Offset, SessionId},
    prelude::*,
};
use burdock_tests::{
    clock::Clock,
    script::{Do, Drops, EventRecorder, Log, Script, work},
    stalled::UntilStalled,
};
use futures::StreamExt;
use std::{mem, time::Duration};

const DELAY: Duration = Duration::from_secs(10);

graph! {
    Persistent(Log) {
        resources { script: Script, drops: Drops }
        yields u32;
        nodes {
            #[timeout(Duration::from_mins(1))]
            #[retry(Retry::times(2).first(DELAY).superseding())]
            first: work,
            second: work,
        }
        start first;
        first -> second;
        second -> pause first;
    }
}

fn resources(script: Script) -> PersistentResources {
    PersistentResources { script, drops: Drops::default() }
}

fn twice() -> Script {
    Script::default()
        .on("first", [Do::Yield(1), Do::Yield(2), Do::Fail("disconnected")])
        .on("first", [Do::Yield(1), Do::Yield(2), Do::Yield(3)])
}

#[tokio::test]
async fn items_of_a_failed_attempt_are_superseded_before_the_retry_delay() {
    let (recorder, clock) = (EventRecorder::default(), Clock::default());
    let app = Persistent::app().resources(resources(twice())).observer(recorder.observer());
    let mut app = app.runtime(clock.clone()).build().await.unwrap();
    let mut run = app.run(PersistentInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), 1);
    assert_eq!(run.next().await.unwrap().unwrap(), 2);
    assert!(run.next().until_stalled().is_none());
    assert_eq!(
        recorder.take(),
        "first 0.1 run_started\n\
         first 0.1 step_started\n\
         first 0.1 item\n\
         first 0.1 item\n\
         first 0.1 items_superseded 2\n\
         first 0.1 attempt_failed node `first` failed",
        "the event is emitted before the delay"
    );
    clock.advance(DELAY);
    let items: Vec<u32> = run.by_ref().map(Result::unwrap).collect().await;
    assert_eq!(items, [1, 2, 3]);
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Paused(PersistentNode::first));
    drop(run);
    assert_eq!(recorder.count("items_superseded"), 0, "nothing was left to supersede");
    assert_eq!(recorder.count("first 0.2 step_committed"), 1);
}

#[tokio::test]
async fn superseding_needs_no_observer_and_no_log() {
    let clock = Clock::default();
    let app = Persistent::app().resources(resources(twice())).runtime(clock.clone());
    let mut app = app.build().await.unwrap();
    let mut run = app.run(PersistentInputs {});
    assert!(run.finish().until_stalled().is_none());
    clock.advance(DELAY);
    run.finish().await.unwrap();
    drop(run);
    assert_eq!(app.state().nodes(), "first second");
}

#[tokio::test]
async fn events_report_superseded_items_between_the_attempts() {
    let clock = Clock::default();
    let app = Persistent::app().resources(resources(twice())).runtime(clock.clone());
    let mut app = app.build().await.unwrap();
    let mut events = app.run(PersistentInputs {}).events();
    let mut kinds = Vec::new();
    loop {
        match events.next().until_stalled() {
            Some(Some(event)) => kinds.push(event.unwrap().kind.name()),
            Some(None) => break,
            None => clock.advance(DELAY),
        }
    }
    let first = ["run_started", "step_started", "item", "item"];
    let second = ["items_superseded", "attempt_failed", "item", "item", "item", "step_committed"];
    let rest = ["step_started", "step_committed", "run_finished"];
    assert_eq!(kinds, [&first[..], &second, &rest].concat());
}

#[tokio::test]
async fn a_timeout_after_items_were_shown_is_retried() {
    let clock = Clock::default();
    let script = Script::default().on("first", [Do::Yield(1), Do::Hang]);
    let app = Persistent::app().resources(resources(script)).runtime(clock.clone());
    let mut app = app.build().await.unwrap();
    let mut run = app.run(PersistentInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), 1);
    assert!(run.next().until_stalled().is_none());
    clock.advance(Duration::from_mins(1));
    assert!(run.next().until_stalled().is_none());
    clock.advance(DELAY);
    assert!(run.next().await.is_none());
    run.finish().await.unwrap();
}

#[tokio::test]
async fn when_the_retries_are_used_up_the_step_fails_and_its_items_are_superseded() {
    let (recorder, clock) = (EventRecorder::default(), Clock::default());
    let fails = || [Do::Yield(1), Do::Fail("disconnected")];
    let script = Script::default().on("first", fails()).on("first", fails()).on("first", fails());
    let app = Persistent::app().resources(resources(script)).observer(recorder.observer());
    let mut app = app.runtime(clock.clone()).build().await.unwrap();
    let mut run = app.run(PersistentInputs {});
    let mut items = 0;
    let error = loop {
        match run.next().until_stalled() {
            Some(Some(Ok(_))) => items += 1,
            Some(Some(Err(error))) => break error,
            Some(None) => panic!("a failure is missing"),
            None => clock.advance(2 * DELAY),
        }
    };
    assert_eq!((items, error.to_string().as_str()), (3, "node `first` failed in attempt 3"));
    assert_eq!(recorder.count("items_superseded 1"), 3);
    assert_eq!(recorder.count("attempt_failed"), 2);
}

async fn open(log: &MemoryLog, script: Script, clock: &Clock) -> burdock::App<Persistent> {
    let app = Persistent::app().id("s").resources(resources(script)).runtime(clock.clone());
    app.log(log.clone()).build().await.unwrap()
}

async fn entries(log: &MemoryLog) -> Vec<String> {
    let id = SessionId::new("s").unwrap();
    let records = log.read(&id, Offset::ZERO, 1000).await.unwrap();
    let kinds = records.iter().map(|record| match record.entry(&id).unwrap().kind {
        EntryKind::Item { item, attempt, .. } => format!("item {item} of {attempt}"),
        EntryKind::ItemsSuperseded { items, .. } => format!("superseded {items}"),
        other => other.name().to_owned(),
    });
    kinds.skip(1).collect()
}

#[tokio::test]
async fn superseding_is_recorded_before_the_delay_and_not_repeated_after_a_crash() {
    let (log, clock) = (MemoryLog::new(), Clock::default());
    let mut app = open(&log, twice(), &clock).await;
    let mut run = app.run(PersistentInputs {});
    assert!(run.finish().until_stalled().is_none());
    let shown = ["run_started", "step_started", "item 1 of 1", "item 2 of 1", "superseded 2"];
    let failed = [&shown[..], &["attempt_failed"]].concat();
    assert_eq!(entries(&log).await, failed);
    // the process dies between the attempts
    mem::forget(run);
    mem::forget(app);

    let script = Script::default().on("first", [Do::Yield(7)]);
    let mut app = open(&log, script, &clock).await;
    assert_eq!(app.position(), Position::Unfinished(PersistentNode::first));
    app.resume().await.unwrap();
    let resumed = ["run_resumed", "step_started", "item 7 of 1", "step_committed"];
    assert_eq!(entries(&log).await[failed.len()..][..4], resumed);
}

#[tokio::test]
async fn a_crash_in_a_later_attempt_supersedes_only_the_items_of_that_attempt() {
    let (log, clock) = (MemoryLog::new(), Clock::default());
    let script = twice().on("second", [Do::Hang]);
    let mut app = open(&log, script, &clock).await;
    let mut run = app.run(PersistentInputs {});
    for expected in [1, 2] {
        assert_eq!(run.next().await.unwrap().unwrap(), expected);
    }
    assert!(run.next().until_stalled().is_none());
    clock.advance(DELAY);
    assert_eq!(run.next().await.unwrap().unwrap(), 1);
    mem::forget(run);
    mem::forget(app);

    let mut app = open(&log, Script::default(), &clock).await;
    app.resume().await.unwrap();
    let all = entries(&log).await;
    let superseded: Vec<_> = all.iter().filter(|entry| entry.starts_with("superseded")).collect();
    assert_eq!(superseded, ["superseded 2", "superseded 1"], "{all:?}");
}
