//! Steps that fail: errors, panics, timeouts, retries and `on error` edges.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::type_complexity,
    clippy::unused_async,
    reason = "a test"
)]

mod around;
mod destructors;
mod superseding;
mod time;

use burdock::{App, Outcome, Position, RunErrorKind, action::FailureCause, prelude::*};
use burdock_tests::{
    clock::Clock,
    script::{
        Careful, CarefulInputs, CarefulNode, CarefulResources, Do, Drops, EventRecorder, Line,
        LineInputs, LineNode, LineResources, Log, Script,
    },
    stalled::UntilStalled,
};
use futures::StreamExt;
use std::{error::Error, time::Duration};

async fn line(script: Script) -> (App<Line>, EventRecorder) {
    let recorder = EventRecorder::default();
    let app = Line::app()
        .resources(LineResources { script, drops: Drops::default() })
        .observer(recorder.observer())
        .runtime(Clock::default())
        .build()
        .await
        .unwrap();
    (app, recorder)
}

#[tokio::test]
async fn every_failure_names_the_node_and_keeps_the_last_commit() {
    let table: [(&str, Vec<Do>, &[u32], &str, Option<&str>); 6] = [
        (
            "an error before the first item",
            vec![Do::Fail("full")],
            &[],
            "node `second` failed",
            Some("full"),
        ),
        (
            "an error after an item",
            vec![Do::Yield(1), Do::Fail("full")],
            &[1],
            "node `second` failed",
            Some("full"),
        ),
        (
            "a terminal error",
            vec![Do::FailTerminally("gone")],
            &[],
            "node `second` failed",
            Some("gone"),
        ),
        (
            "a panic before the first item",
            vec![Do::Panic("ouch")],
            &[],
            "node `second` panicked: ouch",
            None,
        ),
        (
            "a panic after items",
            vec![Do::Yield(1), Do::Yield(2), Do::Panic("ouch")],
            &[1, 2],
            "node `second` panicked: ouch",
            None,
        ),
        (
            "an error in a future that waited",
            vec![Do::Sleep(Duration::ZERO), Do::Fail("late")],
            &[],
            "node `second` failed",
            Some("late"),
        ),
    ];
    for (name, acts, shown, message, source) in table {
        let (mut app, recorder) = line(Script::default().on("second", acts)).await;
        let mut run = app.run(LineInputs {});
        let mut items: Vec<_> = run.by_ref().collect().await;
        let error = items.pop().unwrap().unwrap_err();
        let items: Vec<u32> = items.into_iter().map(Result::unwrap).collect();
        assert_eq!(items, shown, "{name}");
        assert_eq!(error.to_string(), message, "{name}");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), source, "{name}");
        drop(run);
        assert_eq!(app.state().nodes(), "first", "{name}");
        assert_eq!(app.position(), Position::Unfinished(LineNode::second), "{name}");
        let superseded = if shown.is_empty() {
            String::new()
        } else {
            format!("second 1.1 items_superseded {}\n", shown.len())
        };
        let expected = format!(
            "{superseded}second 1.1 step_failed {message}, then None\nsecond 1.1 run_failed {message}"
        );
        assert!(recorder.take().ends_with(&expected), "{name}");
        app.resume().await.unwrap();
        assert_eq!(app.state().nodes(), "first second third", "{name}");
    }
}

struct Bench {
    app: App<Careful>,
    recorder: EventRecorder,
    clock: Clock,
}

async fn careful(script: Script) -> Bench {
    with_rounds(script, 0).await
}

async fn with_rounds(script: Script, rounds: u32) -> Bench {
    let (recorder, clock) = (EventRecorder::default(), Clock::default());
    let app = Careful::app()
        .resources(CarefulResources { script, drops: Drops::default() })
        .state(Log { rounds, ..Log::default() })
        .observer(recorder.observer())
        .runtime(clock.clone())
        .build()
        .await
        .unwrap();
    Bench { app, recorder, clock }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_retryable_error_is_retried_after_growing_delays() {
    let script = Script::default().on("first", [Do::Fail("a")]).on("first", [Do::Fail("b")]);
    let mut bench = careful(script).await;
    let mut run = bench.app.run(CarefulInputs {});
    assert!(run.finish().until_stalled().is_none());
    bench.clock.advance(seconds(10));
    assert!(run.finish().until_stalled().is_none());
    bench.clock.advance(seconds(19));
    assert!(run.finish().until_stalled().is_none());
    bench.clock.advance(seconds(1));
    assert_eq!(run.finish().until_stalled().unwrap().unwrap().outcome(), Outcome::Ended);
    drop(run);
    assert_eq!(bench.clock.slept(), [seconds(10), seconds(20), seconds(1)]);
    assert_eq!(
        bench.recorder.take(),
        "first 0.1 run_started\n\
         first 0.1 step_started\n\
         first 0.1 attempt_failed node `first` failed\n\
         first 0.2 attempt_failed node `first` failed in attempt 2\n\
         first 0.3 step_committed Node(second)\n\
         second 1.1 step_started\n\
         second 1.1 step_committed End\n\
         second 2.1 run_finished Ended"
    );
    assert_eq!(bench.app.state().nodes(), "first second");
}

#[tokio::test(start_paused = true)]
async fn an_error_edge_is_taken_when_the_retries_are_used_up() {
    let script = Script::default()
        .on("first", [Do::Fail("a")])
        .on("first", [Do::Fail("b")])
        .on("first", [Do::Fail("c")]);
    let mut app = Careful::app()
        .resources(CarefulResources { script, drops: Drops::default() })
        .build()
        .await
        .unwrap();
    let before = tokio::time::Instant::now();
    let end = app.run(CarefulInputs {}).await.unwrap();
    assert_eq!(end.outcome(), Outcome::Paused(CarefulNode::first));
    assert_eq!(end.last(), Some(CarefulNode::rescue));
    assert_eq!(before.elapsed().as_secs(), 30);
    assert_eq!(app.state().nodes(), "rescue(node `first` failed in attempt 3, 3 attempts)");
}

#[tokio::test]
async fn terminal_errors_and_panics_are_not_retried() {
    for act in [Do::FailTerminally("gone"), Do::Panic("ouch")] {
        let mut bench = careful(Script::default().on("first", [act])).await;
        bench.app.run(CarefulInputs {}).await.unwrap();
        assert_eq!(bench.recorder.count("attempt_failed"), 0);
        assert!(bench.app.state().nodes().starts_with("rescue("));
        assert!(bench.app.state().nodes().ends_with(", 1 attempts)"));
    }
}

#[tokio::test]
async fn a_streaming_action_is_retried_only_before_its_first_item() {
    let script =
        Script::default().on("first", [Do::Fail("a")]).on("first", [Do::Yield(1), Do::Fail("b")]);
    let mut bench = careful(script).await;
    let mut run = bench.app.run(CarefulInputs {});
    assert!(run.next().until_stalled().is_none());
    bench.clock.advance(seconds(10));
    assert_eq!(run.next().await.unwrap().unwrap(), 1);
    assert!(run.next().await.is_none());
    drop(run);
    assert_eq!(
        bench.recorder.take(),
        "first 0.1 run_started\n\
         first 0.1 step_started\n\
         first 0.1 attempt_failed node `first` failed\n\
         first 0.2 item\n\
         first 0.2 items_superseded 1\n\
         first 0.2 step_failed node `first` failed in attempt 2, then Some(Node(rescue))\n\
         rescue 0.1 step_started\n\
         rescue 0.1 step_committed Pause(first)\n\
         rescue 1.1 run_finished Paused(first)"
    );
}

#[tokio::test]
async fn a_timeout_drops_the_action_and_fails_the_step() {
    let script = Script::default().on("second", [Do::Yield(5), Do::Hang]);
    let mut bench = careful(script).await;
    let mut run = bench.app.run(CarefulInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), 5);
    assert!(run.next().until_stalled().is_none());
    bench.clock.advance(seconds(1));
    let error = run.next().await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "node `second` timed out after 1s");
    assert!(error.source().is_none());
    assert!(
        matches!(error.kind(), RunErrorKind::Failed(failure) if matches!(failure.cause(), FailureCause::Timeout(_)))
    );
    drop(run);
    assert_eq!(bench.app.state().nodes(), "first");
    assert_eq!(bench.app.position(), Position::Unfinished(CarefulNode::second));
    assert_eq!(bench.recorder.count("items_superseded 1"), 1);
    assert_eq!(bench.app.resume().await.unwrap().outcome(), Outcome::Ended);
}

#[tokio::test]
async fn each_attempt_and_each_step_has_its_own_timeout() {
    let script = Script::default().on("second", [Do::Sleep(Duration::from_millis(999))]);
    let mut bench = careful(script).await;
    let mut run = bench.app.run(CarefulInputs {});
    assert!(run.finish().until_stalled().is_none());
    bench.clock.advance(Duration::from_millis(999));
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Ended);
}

#[tokio::test]
async fn the_condition_of_an_error_edge_reads_the_committed_state() {
    let fail = || Script::default().on("first", [Do::FailTerminally("no")]);
    let mut bench = with_rounds(fail(), 1).await;
    let end = bench.app.run(CarefulInputs {}).await.unwrap();
    assert_eq!(end.last(), Some(CarefulNode::third));
    assert_eq!(bench.app.state().nodes(), "third");
}

#[tokio::test]
async fn halt_after_ignores_a_node_that_took_its_error_edge() {
    let script = || Script::default().on("first", [Do::FailTerminally("no")]);
    let mut bench = careful(script()).await;
    let end = bench.app.run(CarefulInputs {}).halt_after(CarefulNode::first).await.unwrap();
    assert_eq!(end.outcome(), Outcome::Paused(CarefulNode::first));

    let mut bench = careful(script()).await;
    let end = bench.app.run(CarefulInputs {}).halt_before(CarefulNode::rescue).await.unwrap();
    assert_eq!((end.outcome(), end.last()), (Outcome::Halted(CarefulNode::rescue), None));
    bench.app.resume().await.unwrap();
    assert_eq!(
        bench.app.state().nodes(),
        "rescue(node `first` failed, 1 attempts)",
        "resume passes the failure on"
    );
}

#[tokio::test]
async fn a_run_dropped_after_a_failure_event_is_at_the_target_of_the_error_edge() {
    let mut bench = careful(Script::default().on("first", [Do::FailTerminally("no")])).await;
    let mut events = bench.app.run(CarefulInputs {}).events();
    while let Some(event) = events.next().await {
        if event.unwrap().kind.name() == "step_failed" {
            break;
        }
    }
    drop(events);
    assert_eq!(bench.app.position(), Position::Unfinished(CarefulNode::rescue));
    bench.app.resume().await.unwrap();
    assert!(bench.app.state().nodes().starts_with("rescue("));
}
