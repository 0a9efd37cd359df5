//! Runs from the perspective of their consumers: items, ends, steps and halts.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use burdock::{
    App, EventKind, Next, Outcome, Position, Run, RunError, RunErrorKind,
    log::{Log, MemoryLog, SessionId},
    prelude::*,
};
use burdock_tests::faulty::{Fate, FaultyLog};
use burdock_tests::script::{
    Do, Drops, EventRecorder, Line, LineInputs, LineNode as At, LineResources, LineWrites, Script,
};
use burdock_tests::stalled::UntilStalled;
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

async fn line(script: Script) -> App<Line> {
    Line::app()
        .id("s")
        .resources(LineResources { script, drops: Drops::default() })
        .build()
        .await
        .unwrap()
}

fn chatty() -> Script {
    Script::default()
        .on("first", [Do::Yield(1), Do::Yield(2)])
        .on("second", [Do::Yield(3)])
        .on("third", [Do::Yield(4), Do::Yield(5)])
}

async fn items(run: &mut Run<'_, Line>) -> Vec<u32> {
    run.map(|item| item.unwrap()).collect().await
}

fn failing() -> Script {
    Script::default().on("first", [Do::Yield(1)]).on("second", [Do::Yield(2), Do::Fail("no line")])
}

#[tokio::test]
async fn items_of_all_streaming_nodes_are_yielded_in_order_before_the_end() {
    let mut app = line(chatty()).await;
    let mut run = app.run(LineInputs {});
    assert_eq!(items(&mut run).await, [1, 2, 3, 4, 5]);
    let end = run.finish().await.unwrap();
    assert_eq!(end.outcome(), Outcome::Paused(At::first));
    assert_eq!(end.last(), Some(At::third));
    assert_eq!(end.state().nodes(), "first second third");
    assert!(matches!(end.writes(), Some(LineWrites::third(writes)) if writes.done.len() == 3));
    drop(run);
    assert_eq!(app.position(), Position::Rest(At::first));
}

#[tokio::test]
async fn finish_can_be_called_before_the_first_item_and_twice() {
    let mut app = line(chatty()).await;
    let mut run = app.run(LineInputs {});
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Paused(At::first));
    assert!(run.next().await.is_none(), "finish drops the remaining items");
    assert_eq!(run.finish().await.unwrap().state().nodes(), "first second third");
}

#[tokio::test]
async fn finish_drops_only_the_remaining_items() {
    let mut app = line(chatty()).await;
    let mut run = app.run(LineInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), 1);
    assert_eq!(run.next().await.unwrap().unwrap(), 2);
    assert_eq!(run.next().await.unwrap().unwrap(), 3);
    assert_eq!(run.finish().await.unwrap().last(), Some(At::third));
    assert!(run.next().await.is_none());
    assert!(run.next().await.is_none());
}

#[tokio::test]
async fn awaiting_a_run_returns_its_end() {
    let mut app = line(chatty()).await;
    assert_eq!(app.run(LineInputs {}).await.unwrap().outcome(), Outcome::Paused(At::first));
    assert_eq!(app.state().nodes(), "first second third");
}

#[tokio::test]
async fn awaiting_a_run_returns_its_error() {
    let mut app = line(failing()).await;
    let error = app.run(LineInputs {}).await.unwrap_err();
    assert_eq!(error.to_string(), "node `second` failed");
    assert_eq!(app.position(), Position::Unfinished(At::second));
}

#[tokio::test]
async fn an_error_is_the_last_item_and_finish_returns_the_same_one() {
    let mut app = line(failing()).await;
    let mut run = app.run(LineInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), 1);
    assert_eq!(run.next().await.unwrap().unwrap(), 2);
    let last = run.next().await.unwrap().unwrap_err();
    assert!(run.next().await.is_none());
    assert!(run.next().await.is_none());
    for _ in 0..2 {
        let error = run.finish().await.unwrap_err();
        assert_eq!(error.to_string(), last.to_string());
        assert!(
            matches!(error.kind(), RunErrorKind::Failed(failure) if failure.error().unwrap().to_string() == "no line")
        );
    }
    drop(run);
    assert_eq!(app.state().nodes(), "first");
    assert_eq!(app.position(), Position::Unfinished(At::second));
}

#[tokio::test]
async fn finish_before_any_item_returns_the_error() {
    let mut app = line(failing()).await;
    let mut run = app.run(LineInputs {});
    assert_eq!(run.finish().await.unwrap_err().to_string(), "node `second` failed");
    assert!(run.next().await.is_none());
}

#[tokio::test]
async fn only_keeps_the_items_of_one_node() {
    let mut app = line(chatty()).await;
    let mut run = app.run(LineInputs {}).only(At::third);
    assert_eq!(items(&mut run).await, [4, 5]);
    assert_eq!(run.finish().await.unwrap().state().nodes(), "first second third");
}

#[tokio::test]
async fn only_keeps_the_error() {
    let mut app = line(failing()).await;
    let mut run = app.run(LineInputs {}).only(At::third);
    assert!(run.next().await.unwrap().is_err());
    assert!(run.next().await.is_none());
}

#[tokio::test]
async fn step_commits_one_step_and_the_run_waits_there() {
    let recorder = EventRecorder::default();
    let mut app = Line::app()
        .resources(LineResources { script: chatty(), drops: Drops::default() })
        .observer(recorder.observer())
        .build()
        .await
        .unwrap();
    let mut run = app.run(LineInputs {});
    let first = run.step().await.unwrap().unwrap();
    assert_eq!((first.node, first.step, first.next), (At::first, 0, Next::Node(At::second)));
    assert_eq!(recorder.count("step_committed"), 1);
    assert_eq!(recorder.count("step_started"), 1, "the next step does not start on its own");
    assert_eq!(run.next().await.unwrap().unwrap(), 3);
    assert_eq!(run.step().await.unwrap().unwrap().node, At::second);
    let third = run.step().await.unwrap().unwrap();
    assert_eq!((third.node, third.step, third.next), (At::third, 2, Next::Pause(At::first)));
    assert!(run.step().await.unwrap().is_none());
    assert!(run.step().await.unwrap().is_none());
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Paused(At::first));
}

#[tokio::test]
async fn step_returns_the_error_of_the_step() {
    let mut app = line(failing()).await;
    let mut run = app.run(LineInputs {});
    assert_eq!(run.step().await.unwrap().unwrap().node, At::first);
    assert_eq!(run.step().await.unwrap_err().to_string(), "node `second` failed");
    assert!(run.step().await.unwrap().is_none());
    assert!(run.finish().await.is_err());
}

#[tokio::test]
async fn resuming_a_run_dropped_between_steps_continues_with_the_next_step() {
    let mut app = line(chatty()).await;
    let mut run = app.run(LineInputs {});
    run.step().await.unwrap();
    drop(run);
    assert_eq!(app.state().nodes(), "first");
    assert_eq!(app.position(), Position::Unfinished(At::second));
    let mut run = app.resume();
    assert_eq!(items(&mut run).await, [3, 4, 5]);
}

#[tokio::test]
async fn dropping_the_future_of_step_loses_nothing() {
    let notify = Arc::new(tokio::sync::Notify::new());
    let script = Script::default().on("first", [Do::Wait(notify.clone())]);
    let mut app = line(script).await;
    let mut run = app.run(LineInputs {});
    assert!(run.step().until_stalled().is_none());
    notify.notify_one();
    assert_eq!(run.step().await.unwrap().unwrap().node, At::first);
    assert_eq!(run.finish().await.unwrap().state().nodes(), "first second third");
}

#[tokio::test]
async fn started_returns_before_the_first_step_and_loses_no_item() {
    let mut app = line(chatty()).await;
    let mut run = app.run(LineInputs {});
    assert_eq!(run.started().await.unwrap(), None, "there is no log");
    assert_eq!(run.started().await.unwrap(), None);
    assert_eq!(items(&mut run).await, [1, 2, 3, 4, 5]);
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Paused(At::first));
}

#[tokio::test]
async fn started_returns_the_cursor_of_the_first_entry_of_a_run_or_resume() {
    let (log, script) = (MemoryLog::new(), Script::default().on("first", [Do::Fail("no line")]));
    let app = Line::app().id("s").resources(LineResources { script, drops: Drops::default() });
    let mut app = app.log(log.clone()).build().await.unwrap();
    let id = SessionId::new("s").unwrap();
    for kind in ["run_started", "run_resumed"] {
        let before = app.cursor().unwrap();
        let mut run = if kind == "run_started" { app.run(LineInputs {}) } else { app.resume() };
        let first = run.started().await.unwrap().unwrap();
        assert_eq!(first.offset, before.offset.plus(1));
        let records = log.read(&id, first.offset, 10).await.unwrap();
        let names: Vec<_> =
            records.iter().map(|record| record.entry(&id).unwrap().kind.name()).collect();
        assert_eq!(names, [kind], "no step has run");
        let _ = run.finish().await;
        assert_eq!(run.started().await.unwrap(), Some(first));
    }
}

#[tokio::test]
async fn started_returns_the_error_of_a_run_that_does_not_start() {
    let mut app = line(failing()).await;
    app.run(LineInputs {}).await.unwrap_err();
    let mut run = app.run(LineInputs {});
    for _ in 0..2 {
        let error = run.started().await.unwrap_err();
        assert!(matches!(error.kind(), RunErrorKind::Unfinished { .. }), "{error}");
    }
}

#[tokio::test]
async fn dropping_the_future_of_started_loses_nothing() {
    let log = FaultyLog::new(MemoryLog::new());
    let app =
        Line::app().id("s").resources(LineResources { script: chatty(), drops: Drops::default() });
    let mut app = app.log(log.clone()).build().await.unwrap();
    log.fates([Fate::Held]);
    let mut run = app.run(LineInputs {});
    assert!(run.started().until_stalled().is_none());
    assert!(log.release_next());
    assert!(run.started().await.unwrap().is_some());
    assert_eq!(items(&mut run).await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn started_returns_the_cursor_although_its_first_future_was_dropped() {
    for between in ["next", "step"] {
        let log = FaultyLog::new(MemoryLog::new());
        let resources = LineResources { script: chatty(), drops: Drops::default() };
        let app = Line::app().id("s").resources(resources);
        let mut app = app.log(log.clone()).build().await.unwrap();
        let first = app.cursor().unwrap().offset.plus(1);
        log.fates([Fate::Held]);
        let mut run = app.run(LineInputs {});
        assert!(run.started().until_stalled().is_none());
        assert!(log.release_next());
        let rest = if between == "next" {
            assert_eq!(run.next().await.unwrap().unwrap(), 1);
            vec![2, 3, 4, 5]
        } else {
            assert_eq!(run.step().await.unwrap().unwrap().node, At::first);
            vec![3, 4, 5]
        };
        let started = run.started().await.unwrap().map(|cursor| cursor.offset);
        assert_eq!(started, Some(first), "{between}");
        assert_eq!(items(&mut run).await, rest, "{between}");
    }
}

#[tokio::test]
async fn a_halt_before_a_node_ends_the_run_there_and_resume_continues() {
    let mut app = line(chatty()).await;
    let end = app.run(LineInputs {}).halt_before(At::third).await.unwrap();
    assert_eq!(end.outcome(), Outcome::Halted(At::third));
    assert_eq!(end.last(), Some(At::second));
    assert_eq!(app.state().nodes(), "first second");
    assert_eq!(app.position(), Position::Unfinished(At::third));
    let error = app.run(LineInputs {}).await.unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Unfinished { node: "third" }));
    let end = app.resume().await.unwrap();
    assert_eq!(end.outcome(), Outcome::Paused(At::first));
    assert_eq!(app.state().nodes(), "first second third");
}

#[tokio::test]
async fn a_halt_after_a_node_ends_the_run_at_the_next_one() {
    let mut app = line(chatty()).await;
    let end = app.run(LineInputs {}).halt_after(At::first).await.unwrap();
    assert_eq!(end.outcome(), Outcome::Halted(At::second));
    assert_eq!(app.state().nodes(), "first");
}

#[tokio::test]
async fn a_halt_never_stops_a_run_at_its_very_first_step() {
    let mut app = line(chatty()).await;
    let end = app.run(LineInputs {}).halt_before(At::first).await.unwrap();
    assert_eq!(end.outcome(), Outcome::Paused(At::first));

    let end = app.run(LineInputs {}).halt_before(At::second).await.unwrap();
    assert_eq!(end.outcome(), Outcome::Halted(At::second));
    let end = app.resume().halt_before(At::second).await.unwrap();
    assert_eq!(
        end.outcome(),
        Outcome::Paused(At::first),
        "a resumed run does not halt at its first step"
    );
}

#[tokio::test]
async fn a_halt_that_coincides_with_a_pause_is_a_pause() {
    let mut app = line(chatty()).await;
    let run = app.run(LineInputs {}).halt_after(At::third).halt_before(At::first);
    assert_eq!(run.await.unwrap().outcome(), Outcome::Paused(At::first));
    assert_eq!(app.position(), Position::Rest(At::first));
}

#[tokio::test]
async fn several_halts_are_taken_one_after_the_other() {
    let mut app = line(chatty()).await;
    let end = app.run(LineInputs {}).halt_after(At::first).halt_before(At::third).await.unwrap();
    assert_eq!(end.outcome(), Outcome::Halted(At::second));
    let end = app.resume().halt_after(At::first).halt_before(At::third).await.unwrap();
    assert_eq!(end.outcome(), Outcome::Halted(At::third));
    let end = app.resume().halt_after(At::first).halt_before(At::third).await.unwrap();
    assert_eq!(end.outcome(), Outcome::Paused(At::first));
}

#[tokio::test]
async fn halts_belong_to_one_run() {
    let mut app = line(chatty()).await;
    app.run(LineInputs {}).halt_before(At::second).await.unwrap();
    app.resume().await.unwrap();
    assert_eq!(app.run(LineInputs {}).await.unwrap().outcome(), Outcome::Paused(At::first));
}

#[tokio::test]
async fn a_run_that_is_never_polled_changes_nothing() {
    let recorder = EventRecorder::default();
    let mut app = Line::app()
        .resources(LineResources { script: chatty(), drops: Drops::default() })
        .observer(recorder.observer())
        .build()
        .await
        .unwrap();
    drop(app.run(LineInputs {}));
    drop(app.run(LineInputs {}).events());
    drop(IntoFuture::into_future(app.run(LineInputs {})));
    drop(app.resume());
    let mut run = app.run(LineInputs {});
    drop(run.next());
    drop(run);
    assert_eq!(recorder.take(), "");
    assert_eq!(app.position(), Position::Rest(At::first));
    assert_eq!(app.state().nodes(), "");
    let mut run = app.run(LineInputs {});
    assert_eq!(items(&mut run).await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn events_has_the_items_and_the_end_of_the_run() {
    let mut app = line(chatty()).await;
    let mut events = app.run(LineInputs {}).events();
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        if let EventKind::Item(item) = event.unwrap().kind {
            seen.push(item);
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    assert_eq!(events.finish().await.unwrap().outcome(), Outcome::Paused(At::first));
    assert_eq!(events.finish().await.unwrap().outcome(), Outcome::Paused(At::first));
}

#[tokio::test]
async fn a_run_moves_to_another_task_between_items() {
    let mut app = line(chatty()).await;
    let app = tokio::spawn(async move {
        let mut run = app.run(LineInputs {});
        assert_eq!(run.next().await.unwrap().unwrap(), 1);
        tokio::task::yield_now().await;
        assert_eq!(items(&mut run).await, [2, 3, 4, 5]);
        drop(run);
        app
    });
    assert_eq!(app.await.unwrap().state().nodes(), "first second third");
}

#[test]
fn apps_are_send_and_sync_and_runs_are_streams_that_are_send_and_unpin() {
    fn app<T: Send + Sync + 'static>() {}
    fn run<
        T: Stream<Item = burdock::Result<u32, RunError>> + IntoFuture<IntoFuture: Send> + Send + Unpin,
    >() {
    }
    app::<App<Line>>();
    app::<burdock::Stopper>();
    run::<Run<'static, Line>>();
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counter {
    pub count: u64,
}

#[action(state = Counter, reads(count), writes(count))]
async fn increment(counter: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: counter.count + 1 })
}

graph! {
    /// Counts without ever waiting.
    pub Counting(Counter) {
        nodes { increment }
        start increment;
        increment -> if state.count < 100_000 { increment } else { end };
    }
}

#[tokio::test]
async fn a_run_without_streaming_actions_yields_no_items_and_finishes() {
    let mut app = Counting::app().build().await.unwrap();
    let mut run = app.run(CountingInputs {});
    assert!(run.next().await.is_none());
    let end = run.finish().await.unwrap();
    assert_eq!((end.outcome(), end.state().count), (Outcome::Ended, 100_000));
    drop(run);
    assert_eq!(app.position(), Position::Ended);
    assert_eq!(app.close().await.unwrap().count, 100_000);
}
