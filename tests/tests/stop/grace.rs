//! The grace period counts the time of a running action, but not the time of the log.

use burdock::{
    App, Outcome, Position, RunErrorKind,
    log::{Durability, Log as _, MemoryLog, Offset, SessionId},
};
use burdock_tests::{
    clock::Clock,
    faulty::{Fate, FaultyLog},
    script::{
        Careful, CarefulInputs, CarefulNode, CarefulResources, Do, Drops, Line, LineInputs,
        LineNode as At, LineResources, Script,
    },
    stalled::UntilStalled,
};
use futures::executor::block_on;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

fn log() -> FaultyLog {
    FaultyLog::new(MemoryLog::new())
}

fn open(log: &FaultyLog, script: Script, clock: &Clock, durability: Durability) -> App<Line> {
    let resources = LineResources { script, drops: Drops::default() };
    let app = Line::app().id("s").resources(resources).runtime(clock.clone());
    block_on(app.log(log.clone()).durability(durability).build()).unwrap()
}

/// The kinds of the last entries.
fn last(log: &FaultyLog, count: usize) -> Vec<&'static str> {
    let id = SessionId::new("s").unwrap();
    let records = block_on(log.read(&id, Offset::ZERO, 1000)).unwrap();
    let kinds = records.iter().map(|record| record.entry(&id).unwrap().kind.name());
    kinds.skip(records.len() - count).collect()
}

/// Asserts that the run waits for the log, however much time passes.
macro_rules! assert_waits_for_log {
    ($run:ident, $clock:ident, $log:ident) => {
        for _ in 0..3 {
            assert!($run.finish().until_stalled().is_none());
            $clock.advance(MINUTE);
        }
        assert_eq!($log.held(), 1);
    };
}

#[test]
fn a_finished_action_is_committed_however_long_the_log_takes() {
    for node in [At::second, At::third] {
        let (log, clock) = (log(), Clock::default());
        let mut app = open(&log, Script::default(), &clock, Durability::Commit);
        let mut run = app.run(LineInputs {});
        while block_on(run.step()).unwrap().unwrap().next != burdock::graph::Next::Node(node) {}
        log.fates([Fate::Held]);
        assert!(run.finish().until_stalled().is_none());
        run.stopper().stop();
        assert_waits_for_log!(run, clock, log);
        while log.release_next() {}
        let outcome = block_on(run.finish()).unwrap().outcome();
        drop(run);
        // the outcome, the position, the log and a resume agree
        if node == At::third {
            assert_eq!(outcome, Outcome::Paused(At::first));
            assert_eq!(app.position(), Position::Rest(At::first));
            assert_eq!(last(&log, 2), ["step_committed", "run_paused"]);
            let error = block_on(app.resume().into_future()).unwrap_err();
            assert!(matches!(error.kind(), RunErrorKind::AtRest { node: "first" }), "{error}");
        } else {
            assert_eq!(outcome, Outcome::Stopped(At::third));
            assert_eq!(app.position(), Position::Unfinished(At::third));
            assert_eq!(last(&log, 2), ["step_committed", "run_stopped"]);
            block_on(app.resume().into_future()).unwrap();
        }
        assert_eq!(app.state().nodes(), "first second third");
    }
}

#[test]
fn a_failure_is_recorded_and_its_edge_taken_however_long_the_log_takes() {
    let (log, clock) = (log(), Clock::default());
    let script = Script::default().on("first", [Do::FailTerminally("no")]);
    let resources = CarefulResources { script, drops: Drops::default() };
    let app = Careful::app().id("s").resources(resources).runtime(clock.clone());
    let mut app = block_on(app.log(log.clone()).build()).unwrap();
    log.fates([Fate::Stored, Fate::Held]);
    let mut run = app.run(CarefulInputs {});
    assert!(run.finish().until_stalled().is_none());
    run.stopper().stop();
    assert_waits_for_log!(run, clock, log);
    while log.release_next() {}
    let outcome = block_on(run.finish()).unwrap().outcome();
    assert_eq!(outcome, Outcome::Stopped(CarefulNode::rescue));
    drop(run);
    assert_eq!(last(&log, 2), ["step_failed", "run_stopped"]);
    assert_eq!(app.position(), Position::Unfinished(CarefulNode::rescue));
}

#[test]
fn a_run_whose_start_is_recorded_slowly_is_stopped_and_not_cancelled() {
    let (log, clock) = (log(), Clock::default());
    let mut app = open(&log, Script::default(), &clock, Durability::Commit);
    log.fates([Fate::Held]);
    let mut run = app.run(LineInputs {}).grace_period(Duration::ZERO);
    assert!(run.finish().until_stalled().is_none());
    run.stopper().stop();
    assert_waits_for_log!(run, clock, log);
    while log.release_next() {}
    assert_eq!(block_on(run.finish()).unwrap().outcome(), Outcome::Stopped(At::first));
    drop(run);
    assert_eq!(last(&log, 2), ["run_started", "run_stopped"]);
}

#[test]
fn time_that_items_wait_for_the_log_does_not_count_towards_the_grace_period() {
    let (log, clock) = (log(), Clock::default());
    let sleep = Do::Sleep(Duration::from_millis(4999));
    let script = Script::default().on("first", [Do::Yield(1), Do::Yield(2), sleep]);
    let mut app = open(&log, script, &clock, Durability::Item);
    log.fates([Fate::Stored, Fate::Held, Fate::Held]);
    let mut run = app.run(LineInputs {});
    assert!(run.finish().until_stalled().is_none());
    run.stopper().stop();
    for _ in 0..2 {
        assert_waits_for_log!(run, clock, log);
        log.release_next();
    }
    assert!(run.finish().until_stalled().is_none());
    clock.advance(Duration::from_millis(4999));
    assert_eq!(block_on(run.finish()).unwrap().outcome(), Outcome::Stopped(At::second));
}

#[test]
fn an_action_that_takes_longer_than_its_grace_period_after_a_slow_item_is_cancelled() {
    let (log, clock) = (log(), Clock::default());
    let script = Script::default().on("first", [Do::Yield(1), Do::Hang]);
    let mut app = open(&log, script, &clock, Durability::Item);
    log.fates([Fate::Stored, Fate::Held]);
    let mut run = app.run(LineInputs {});
    assert!(run.finish().until_stalled().is_none());
    run.stopper().stop();
    assert_waits_for_log!(run, clock, log);
    log.release_next();
    assert!(run.finish().until_stalled().is_none());
    clock.advance(Duration::from_millis(4999));
    assert!(run.finish().until_stalled().is_none());
    clock.advance(Duration::from_millis(1));
    let error = block_on(run.finish()).unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Cancelled { node: "first", .. }), "{error}");
    drop(run);
    assert_eq!(last(&log, 1), ["run_cancelled"]);
    assert_eq!(app.position(), Position::Unfinished(At::first));
    block_on(app.resume().into_future()).unwrap();
}
