//! A log that fails or waits: nothing is shown too early, done twice, or lost.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

use burdock::{
    App, Outcome, Position, RunError, RunErrorKind,
    log::{Durability, EntryKind, Log as _, LogError, MemoryLog, Offset, SessionId},
};
use burdock_tests::{
    clock::Clock,
    faulty::{Call, Fate, FaultyLog},
    script::{
        Careful, CarefulInputs, CarefulResources, Do, Drops, EventRecorder, Line, LineInputs,
        LineNode as At, LineResources, Script,
    },
    stalled::UntilStalled,
};
use futures::executor::block_on;
use std::time::Duration;

fn id() -> SessionId {
    SessionId::new("s").unwrap()
}

fn log() -> FaultyLog {
    FaultyLog::new(MemoryLog::new())
}

fn open(log: &FaultyLog, script: Script, durability: Durability) -> App<Line> {
    let resources = LineResources { script, drops: Drops::default() };
    let app = Line::app().id("s").resources(resources).runtime(Clock::default());
    block_on(app.log(log.clone()).durability(durability).build()).unwrap()
}

/// The kinds of the entries, with their distinguishing values.
fn entries(log: &FaultyLog) -> Vec<String> {
    let records = block_on(log.read(&id(), Offset::ZERO, 10_000)).unwrap();
    let text = |kind: EntryKind| match kind {
        EntryKind::Item { item, .. } => format!("item {item}"),
        EntryKind::StepCommitted { node, .. } => format!("committed {node}"),
        EntryKind::ItemsSuperseded { items, .. } => format!("superseded {items}"),
        other => other.name().to_owned(),
    };
    records.iter().map(|record| text(record.entry(&id()).unwrap().kind)).collect()
}

fn last(log: &FaultyLog, count: usize) -> Vec<String> {
    let mut entries = entries(log);
    entries.split_off(entries.len() - count)
}

fn is_unavailable<T>(result: &Result<T, RunError>) -> bool {
    let kind = result.as_ref().map_err(RunError::kind);
    matches!(kind, Err(RunErrorKind::Log { source: LogError::Unavailable(_), .. }))
}

#[test]
fn a_failed_append_ends_the_run_and_keeps_the_last_commit() {
    for (fate, rest) in [(Fate::Refused, "second third"), (Fate::StoredAndFailed, "third")] {
        let log = log();
        let recorder = EventRecorder::default();
        let resources = LineResources { script: Script::default(), drops: Drops::default() };
        let app = Line::app().id("s").resources(resources).observer(recorder.observer());
        let mut app = block_on(app.log(log.clone()).build()).unwrap();
        log.fates([Fate::Stored, Fate::Stored, fate]);
        assert!(is_unavailable(&block_on(app.run(LineInputs {}).into_future())));
        assert_eq!(app.state().nodes(), "first");
        assert_eq!(app.position(), Position::Unfinished(At::second));
        assert_eq!(recorder.count("step_committed"), 1);
        let end = block_on(app.resume().into_future()).unwrap();
        assert_eq!(end.state().nodes(), "first second third");
        let resumed = if rest == "third" { 3 } else { 5 };
        // the end of the run is recorded once the log accepts it
        assert_eq!(last(&log, resumed + 2)[..2], ["run_failed", "run_resumed"]);
        assert_eq!(entries(&log).iter().filter(|entry| entry.starts_with("committed")).count(), 3);
    }
}

#[test]
fn waiting_for_a_commit_does_not_count_towards_the_timeout() {
    let log = log();
    let clock = Clock::default();
    let resources = CarefulResources { script: Script::default(), drops: Drops::default() };
    let app = Careful::app().id("s").resources(resources).runtime(clock.clone());
    let mut app = block_on(app.log(log.clone()).build()).unwrap();
    log.fates([Fate::Stored, Fate::Stored, Fate::Held]);
    let mut run = app.run(CarefulInputs {}).into_future();
    assert!((&mut run).until_stalled().is_none());
    clock.advance(Duration::from_secs(10));
    assert!((&mut run).until_stalled().is_none());
    log.release_next();
    assert_eq!(block_on(run).unwrap().outcome(), Outcome::Ended);
    assert_eq!(last(&log, 3), ["step_started", "committed second", "run_ended"]);
}

#[test]
fn an_item_that_the_log_rejects_is_not_shown_and_ends_the_run() {
    let log = log();
    let script = Script::default().on("second", [Do::Yield(1), Do::Yield(2), Do::Yield(3)]);
    let mut app = open(&log, script, Durability::Item);
    log.fates([Fate::Stored, Fate::Stored, Fate::Stored, Fate::Refused]);
    let mut run = app.run(LineInputs {});
    assert_eq!(block_on(run.next()).unwrap().unwrap(), 1);
    assert!(is_unavailable(&block_on(run.next()).unwrap()));
    assert!(block_on(run.next()).is_none());
    drop(run);
    assert_eq!(app.state().nodes(), "first");
    let end = block_on(app.resume().into_future()).unwrap();
    assert_eq!(end.state().nodes(), "first second third");
    assert_eq!(
        last(&log, 9)[..5],
        ["item 1", "run_failed", "run_resumed", "superseded 1", "step_started"]
    );
}

#[test]
fn items_are_delivered_without_waiting_for_the_log() {
    for durability in [Durability::Commit, Durability::Batch(Duration::from_secs(1))] {
        let log = log();
        let acts = [Do::Yield(1), Do::Yield(2), Do::Yield(3), Do::Hang];
        let mut app = open(&log, Script::default().on("first", acts), durability);
        let mut run = app.run(LineInputs {});
        assert_eq!(block_on(run.next()).unwrap().unwrap(), 1);
        log.fates([Fate::Held]);
        assert_eq!(block_on(run.next()).unwrap().unwrap(), 2);
        assert_eq!(block_on(run.next()).unwrap().unwrap(), 3);
        // the action waits, and the log is not polled again
        assert!(run.next().until_stalled().is_none());
        while log.release_next() {}
        assert_eq!(last(&log, 3), ["item 1", "item 2", "item 3"]);
    }
}

#[test]
fn a_dropped_commit_counts_if_the_log_has_it() {
    for (stored, rest) in [(0, "first second third"), (1, "second third")] {
        let log = log();
        let mut app = open(&log, Script::default(), Durability::Commit);
        log.fates([Fate::Stored, Fate::Held]);
        let mut run = app.run(LineInputs {});
        assert!(run.next().until_stalled().is_none());
        drop(run);
        assert_eq!(app.state().nodes(), "");
        log.crash(stored);
        let mut run = app.resume();
        let mut done = Vec::new();
        while let Some(step) = block_on(run.step()).unwrap() {
            done.push(step.node.to_string());
        }
        drop(run);
        assert_eq!(done.join(" "), rest);
        assert_eq!(app.state().nodes(), "first second third");
        let cancelled = entries(&log).iter().filter(|entry| *entry == "run_cancelled").count();
        assert_eq!(cancelled, 1);
    }
}

#[test]
fn a_run_dropped_while_it_starts_is_cancelled_if_the_log_has_it() {
    for (stored, last) in [(0, "session_created"), (1, "run_cancelled")] {
        let log = log();
        let mut app = open(&log, Script::default(), Durability::Commit);
        log.fates([Fate::Held]);
        let mut run = app.run(LineInputs {});
        assert!(run.next().until_stalled().is_none());
        drop(run);
        log.crash(stored);
        block_on(app.close()).unwrap();
        assert_eq!(entries(&log).last().unwrap(), last);
    }
}

#[test]
fn a_run_dropped_while_its_end_is_recorded_has_one_end() {
    for (stored, last) in [(0, "run_cancelled"), (1, "run_halted")] {
        let log = log();
        let mut app = open(&log, Script::default(), Durability::Commit);
        log.fates([Fate::Stored, Fate::Stored, Fate::Held]);
        let mut run = app.run(LineInputs {}).halt_after(At::first);
        assert!(run.next().until_stalled().is_none());
        drop(run);
        log.crash(stored);
        block_on(app.close()).unwrap();
        assert_eq!(entries(&log)[4..], [last]);
    }
}

#[test]
fn a_failed_or_dropped_read_back_is_retried() {
    for (call, hangs) in [
        (Call::Info, false),
        (Call::Open, false),
        (Call::Read, false),
        (Call::Info, true),
        (Call::Read, true),
    ] {
        let log = log();
        let mut app = open(&log, Script::default(), Durability::Commit);
        log.fates([Fate::Stored, Fate::Refused]);
        assert!(is_unavailable(&block_on(app.run(LineInputs {}).into_future())));
        if hangs {
            log.hang(call);
            assert!(app.resume().into_future().until_stalled().is_none());
        } else {
            log.fail(call);
            assert!(is_unavailable(&block_on(app.resume().into_future())), "{call:?}");
        }
        let end = block_on(app.resume().into_future()).unwrap();
        assert_eq!(end.state().nodes(), "first second third", "{call:?} {hangs}");
    }
}

#[test]
fn a_failed_append_that_was_not_awaited_is_read_back_before_the_next_run() {
    let log = log();
    let mut app = open(&log, Script::default().on("first", [Do::Hang]), Durability::Commit);
    let mut run = app.run(LineInputs {});
    assert!(run.next().until_stalled().is_none());
    log.fates([Fate::Refused]);
    drop(run);
    let end = block_on(app.resume().into_future()).unwrap();
    assert_eq!(end.state().nodes(), "first second third");
}

#[test]
fn the_next_operation_returns_the_error_of_a_lost_batch() {
    let batch = || {
        let log = log();
        let mut app = open(&log, Script::default(), Durability::Batch(Duration::from_secs(1)));
        log.fates([Fate::Held, Fate::Stored, Fate::Refused]);
        block_on(app.run(LineInputs {}).into_future()).unwrap();
        assert_eq!(app.state().nodes(), "first second third");
        while log.release_next() {}
        (log, app)
    };
    let (log, app) = batch();
    assert!(is_unavailable(&block_on(app.close())));
    assert_eq!(entries(&log).last().unwrap(), "committed first");

    let (_, mut app) = batch();
    assert!(is_unavailable(&block_on(app.run(LineInputs {}).into_future())));
    let end = block_on(app.resume().into_future()).unwrap();
    assert_eq!(end.state().nodes(), "first second third");
}

#[test]
fn a_flushed_batch_can_be_read() {
    let log = log();
    let mut app = open(&log, Script::default(), Durability::Batch(Duration::from_secs(1)));
    log.fates([Fate::Held, Fate::Held]);
    block_on(app.run(LineInputs {}).into_future()).unwrap();
    let mut flush = Box::pin(app.flush());
    assert!((&mut flush).until_stalled().is_none());
    while log.release_next() {}
    block_on(flush).unwrap();
    assert_eq!(entries(&log).last().unwrap(), "run_paused");
}

#[test]
fn a_stopped_run_returns_the_error_of_a_lost_batch() {
    let log = log();
    let script = Script::default().on("second", [Do::AwaitStop, Do::Hang]);
    let mut app = open(&log, script, Durability::Batch(Duration::from_secs(1)));
    log.fates([Fate::Held, Fate::Refused]);
    let mut run = app.run(LineInputs {}).halt_after(At::first);
    let stopper = run.stopper();
    assert_eq!(block_on(run.step()).unwrap().unwrap().node, At::first);
    while log.release_next() {}
    stopper.stop();
    assert!(is_unavailable(&block_on(run.finish()).map(|_| ())));
}

#[test]
fn the_end_of_a_run_is_recorded_once_the_log_accepts_it() {
    let log = log();
    let mut app = open(&log, Script::default(), Durability::Commit);
    log.fates([Fate::StoredAndFailed, Fate::Refused]);
    assert!(is_unavailable(&block_on(app.run(LineInputs {}).into_future())));
    // the end of the run is appended, and rejected
    let error = block_on(app.run(LineInputs {}).into_future()).unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Unfinished { node: "first" }), "{error:?}");
    block_on(app.resume().into_future()).unwrap();
    assert_eq!(entries(&log)[1..4], ["run_started", "run_failed", "run_resumed"]);
}
