//! The ways to end a run early: a stop, a cancellation after the grace period, and a drop.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod abandoned;
mod drops;
mod grace;

use burdock::{App, Outcome, Position, Run, RunErrorKind, prelude::*};
use burdock_tests::{
    clock::Clock,
    script::{
        Careful, CarefulInputs, CarefulNode, CarefulResources, Do, Drops, EventRecorder, Line,
        LineInputs, LineNode as At, LineResources, Log, Script,
    },
    stalled::UntilStalled,
};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;

struct Bench {
    app: App<Line>,
    recorder: EventRecorder,
    drops: Drops,
    clock: Clock,
}

async fn bench(script: Script) -> Bench {
    let (recorder, drops, clock) = (EventRecorder::default(), Drops::default(), Clock::default());
    let app = Line::app()
        .resources(LineResources { script, drops: drops.clone() })
        .observer(recorder.observer())
        .runtime(clock.clone())
        .build()
        .await
        .unwrap();
    Bench { app, recorder, drops, clock }
}

async fn rest(run: &mut Run<'_, Line>) -> Vec<u32> {
    run.map(|item| item.unwrap()).collect().await
}

#[tokio::test]
async fn a_stop_wakes_a_suspended_yield_and_the_writes_of_the_action_are_committed() {
    let script =
        Script::default().on("first", [Do::Yield(1), Do::YieldUnlessStopped(2), Do::Yield(3)]);
    let mut bench = bench(script).await;
    let mut run = bench.app.run(LineInputs {});
    let stopper = run.stopper();
    assert_eq!(run.next().await.unwrap().unwrap(), 1);
    assert_eq!(run.next().await.unwrap().unwrap(), 2);
    assert!(!stopper.is_stopped());
    stopper.stop();
    assert!(stopper.is_stopped());
    assert!(rest(&mut run).await.is_empty(), "the action finished early");
    let end = run.finish().await.unwrap();
    assert_eq!(end.outcome(), Outcome::Stopped(At::second));
    assert_eq!(end.last(), Some(At::first));
    drop(run);
    assert_eq!(bench.app.state().nodes(), "first");
    assert_eq!(bench.app.position(), Position::Unfinished(At::second));
    assert_eq!(bench.app.resume().await.unwrap().outcome(), Outcome::Paused(At::first));
    assert_eq!(bench.app.state().nodes(), "first second third");
}

#[tokio::test]
async fn items_that_are_yielded_after_a_stop_are_delivered() {
    let script = Script::default().on("first", [Do::Yield(1), Do::Yield(2), Do::Yield(3)]);
    let mut bench = bench(script).await;
    let mut run = bench.app.run(LineInputs {});
    let stopper = run.stopper();
    assert_eq!(run.next().await.unwrap().unwrap(), 1);
    stopper.stop();
    assert_eq!(rest(&mut run).await, [2, 3]);
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Stopped(At::second));
}

#[tokio::test]
async fn a_stop_in_the_last_step_is_a_pause() {
    let script = Script::default().on("third", [Do::YieldUnlessStopped(1), Do::Yield(2)]);
    let mut bench = bench(script).await;
    let mut run = bench.app.run(LineInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), 1);
    run.stopper().stop();
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Paused(At::first));
}

#[tokio::test]
async fn a_stop_from_another_task_reaches_an_action_that_awaits_it() {
    let script = Script::default().on("first", [Do::AwaitStop]);
    let mut bench = bench(script).await;
    let mut run = bench.app.run(LineInputs {});
    let stopper = run.stopper();
    let (end, ()) = tokio::join!(run.finish(), async {
        tokio::task::yield_now().await;
        tokio::spawn(async move { stopper.stop() }).await.unwrap();
    });
    assert_eq!(end.unwrap().outcome(), Outcome::Stopped(At::second));
}

#[tokio::test]
async fn a_stop_between_steps_takes_effect_at_once() {
    let mut bench = bench(Script::default()).await;
    let mut run = bench.app.run(LineInputs {});
    run.step().await.unwrap();
    run.stopper().stop();
    let end = run.finish().await.unwrap();
    assert_eq!((end.outcome(), end.last()), (Outcome::Stopped(At::second), Some(At::first)));
    assert_eq!(bench.drops.nodes(), "first");
}

#[tokio::test]
async fn a_stop_before_the_first_poll_leaves_the_run_at_its_first_step() {
    let mut bench = bench(Script::default()).await;
    let mut run = bench.app.run(LineInputs {});
    run.stopper().stop();
    let end = run.finish().await.unwrap();
    assert_eq!((end.outcome(), end.last()), (Outcome::Stopped(At::first), None));
    assert!(end.writes().is_none());
    drop(run);
    assert_eq!(bench.app.position(), Position::Unfinished(At::first));
    assert_eq!(bench.app.state(), &Log::default());
    assert_eq!(bench.app.resume().await.unwrap().outcome(), Outcome::Paused(At::first));
}

#[tokio::test]
async fn a_stop_before_the_first_poll_needs_no_grace_period() {
    let mut bench = bench(Script::default()).await;
    let mut run = bench.app.run(LineInputs {}).grace_period(Duration::ZERO);
    run.stopper().stop();
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Stopped(At::first));
    drop(run);
    assert_eq!(
        bench.recorder.take(),
        "first 0.1 run_started\nfirst 0.1 run_finished Stopped(first)"
    );
}

#[tokio::test]
async fn stop_is_idempotent() {
    let mut bench = bench(Script::default()).await;
    let mut run = bench.app.run(LineInputs {});
    let stopper = run.stopper();
    run.step().await.unwrap();
    stopper.stop();
    stopper.clone().stop();
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Stopped(At::second));
    stopper.stop();
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Stopped(At::second));
}

#[tokio::test]
async fn a_stopper_of_an_earlier_run_stops_nothing() {
    let mut bench = bench(Script::default()).await;
    let old = bench.app.run(LineInputs {}).stopper();
    let run = bench.app.run(LineInputs {});
    let older = run.stopper();
    run.await.unwrap();
    old.stop();
    older.stop();
    assert_eq!(bench.app.run(LineInputs {}).await.unwrap().outcome(), Outcome::Paused(At::first));
}

#[tokio::test]
async fn a_stopper_of_an_earlier_run_does_not_hide_a_later_stop() {
    let script = Script::default().on("first", [Do::Hang]);
    let mut bench = bench(script).await;
    let old = bench.app.run(LineInputs {}).stopper();
    let (send, stopper) = tokio::sync::oneshot::channel();
    let end = tokio::spawn(async move {
        let mut run = bench.app.run(LineInputs {});
        send.send(run.stopper()).unwrap();
        run.finish().await.map(|end| end.outcome())
    });
    let stopper = stopper.await.unwrap();
    tokio::task::yield_now().await;
    old.stop();
    tokio::task::yield_now().await;
    stopper.stop();
    tokio::task::yield_now().await;
    assert_eq!(bench.clock.slept(), [Duration::from_secs(5)], "the stop was noticed");
    bench.clock.advance(Duration::from_secs(5));
    let error = end.await.unwrap().unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Cancelled { node: "first", .. }));
}

#[tokio::test]
async fn a_stop_after_the_end_does_nothing() {
    let mut bench = bench(Script::default()).await;
    let mut run = bench.app.run(LineInputs {});
    let stopper = run.stopper();
    run.finish().await.unwrap();
    stopper.stop();
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Paused(At::first));
}

#[tokio::test]
async fn an_action_that_does_not_finish_within_the_grace_period_is_cancelled() {
    let script = Script::default().on("second", [Do::Yield(1), Do::Hang]);
    let mut bench = bench(script).await;
    let mut run = bench.app.run(LineInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), 1);
    assert!(run.next().until_stalled().is_none());
    run.stopper().stop();
    assert!(run.next().until_stalled().is_none());
    bench.clock.advance(Duration::from_millis(4999));
    assert!(run.next().until_stalled().is_none());
    assert_eq!(bench.drops.nodes(), "first");
    bench.clock.advance(Duration::from_millis(1));
    let error = run.next().await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "node `second` did not finish within 5s after the stop, and was cancelled"
    );
    assert!(run.next().await.is_none());
    let error = run.finish().await.unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Cancelled { node: "second", .. }));
    assert_eq!(bench.drops.nodes(), "first second", "the future is dropped at once");
    assert_eq!(bench.recorder.count("run_cancelled"), 1);
    drop(run);
    assert_eq!(bench.recorder.count("run_cancelled"), 1);
    assert_eq!(bench.recorder.count("run_f"), 0);
    assert_eq!(bench.app.state().nodes(), "first");
    assert_eq!(bench.app.position(), Position::Unfinished(At::second));
    assert_eq!(bench.app.resume().await.unwrap().outcome(), Outcome::Paused(At::first));
}

#[tokio::test]
async fn an_action_that_abandons_its_step_is_cancelled_at_once() {
    let script = Script::default().on("second", [Do::Yield(1), Do::Abandon]);
    let mut bench = bench(script).await;
    let mut run = bench.app.run(LineInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), 1);
    assert!(run.next().until_stalled().is_none(), "the action waits for a stop");
    run.stopper().stop();
    // no time passes
    let error = run.finish().await.unwrap_err();
    assert_eq!(error.to_string(), "node `second` was cancelled by the stop");
    drop(run);
    assert_eq!(bench.recorder.count("run_cancelled"), 1);
    assert_eq!(bench.app.state().nodes(), "first");
    assert_eq!(bench.app.position(), Position::Unfinished(At::second));

    // the next run has its grace period
    let mut run = bench.app.resume();
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Paused(At::first));
}

#[tokio::test]
async fn an_action_that_continues_after_abandon_has_its_grace_period() {
    let resume = Arc::new(Notify::new());
    let acts = [Do::AwaitStop, Do::AbandonAndReturn, Do::Wait(Arc::clone(&resume))];
    let mut bench = bench(Script::default().on("first", acts)).await;
    let mut run = bench.app.run(LineInputs {});
    assert!(run.next().until_stalled().is_none());
    run.stopper().stop();
    assert!(run.next().until_stalled().is_none());
    resume.notify_one();
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Stopped(At::second));
}

#[tokio::test]
async fn an_action_that_yields_for_ever_is_cancelled_after_the_grace_period() {
    let script = Script::default().on("first", [Do::YieldForever(7)]);
    let mut bench = bench(script).await;
    let mut run = bench.app.run(LineInputs {}).grace_period(Duration::from_secs(1));
    run.next().await.unwrap().unwrap();
    run.stopper().stop();
    run.next().await.unwrap().unwrap();
    bench.clock.advance(Duration::from_secs(2));
    let mut errors = 0;
    for item in run.by_ref().take(10).collect::<Vec<_>>().await {
        errors += u32::from(item.is_err());
    }
    assert_eq!(errors, 1);
    drop(run);
    assert_eq!(bench.app.position(), Position::Unfinished(At::first));
}

#[tokio::test]
async fn a_slow_consumer_does_not_use_up_the_grace_period() {
    let script = Script::default().on("first", [Do::YieldUnlessStopped(1), Do::Yield(2)]);
    let mut bench = bench(script).await;
    let mut run = bench.app.run(LineInputs {});
    run.next().await.unwrap().unwrap();
    run.stopper().stop();
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Stopped(At::second));

    let script = Script::default().on("first", [Do::Yield(1), Do::Yield(2)]);
    let mut bench = self::bench(script).await;
    let mut run = bench.app.run(LineInputs {});
    run.next().await.unwrap().unwrap();
    run.stopper().stop();
    assert_eq!(run.next().await.unwrap().unwrap(), 2);
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Stopped(At::second));
}

#[tokio::test]
async fn the_events_of_a_cancelled_run_end_with_its_cancellation_and_the_error() {
    let script = Script::default().on("first", [Do::Yield(1), Do::Hang]);
    let mut bench = bench(script).await;
    let mut events = bench.app.run(LineInputs {}).grace_period(Duration::ZERO).events();
    events.stopper().stop();
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        seen.push(event.map_or_else(|error| error.to_string(), |event| format!("{event:?}")));
    }
    assert_eq!(seen, ["first 0.1 run_started", "first 0.1 run_finished Stopped(first)"]);

    drop(events);
    let mut events = bench.app.resume().grace_period(Duration::ZERO).events();
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        seen.push(event.map_or_else(|error| error.to_string(), |event| format!("{event:?}")));
        if seen.len() == 3 {
            events.stopper().stop();
        }
    }
    assert_eq!(
        seen,
        [
            "first 0.1 run_started",
            "first 0.1 step_started",
            "first 0.1 item",
            "first 0.1 run_cancelled",
            "node `first` was cancelled by the stop",
        ]
    );
}

#[tokio::test]
async fn the_cancellation_event_follows_the_last_item() {
    let script = Script::default().on("first", [Do::YieldForever(7)]);
    let mut bench = bench(script).await;
    let mut events = bench.app.run(LineInputs {}).events();
    let mut kinds = Vec::new();
    while let Some(event) = events.next().await {
        kinds.push(event.map_or("error", |event| event.kind.name()));
        match kinds.len() {
            3 => events.stopper().stop(),
            4 => bench.clock.advance(Duration::from_mins(1)),
            _ => {}
        }
    }
    assert_eq!(
        kinds,
        ["run_started", "step_started", "item", "item", "item", "run_cancelled", "error"]
    );
    drop(events);
    assert_eq!(bench.recorder.count("run_cancelled"), 1);
}

async fn careful(script: Script) -> (App<Careful>, EventRecorder, Clock) {
    let (recorder, clock) = (EventRecorder::default(), Clock::default());
    let app = Careful::app()
        .resources(CarefulResources { script, drops: Drops::default() })
        .observer(recorder.observer())
        .runtime(clock.clone())
        .build()
        .await
        .unwrap();
    (app, recorder, clock)
}

#[tokio::test]
async fn a_stop_during_a_retry_delay_ends_the_run_at_the_node() {
    let script = Script::default().on("first", [Do::Fail("busy")]);
    let (mut app, recorder, clock) = careful(script).await;
    let mut run = app.run(CarefulInputs {});
    assert!(run.finish().until_stalled().is_none());
    assert_eq!(clock.slept(), [Duration::from_secs(10)]);
    run.stopper().stop();
    let end = run.finish().await.unwrap();
    assert_eq!(end.outcome(), Outcome::Stopped(CarefulNode::first), "the retries were not used up");
    drop(run);
    assert_eq!(app.position(), Position::Unfinished(CarefulNode::first));
    assert_eq!(recorder.count("step_failed"), 0);
    assert_eq!(app.resume().await.unwrap().outcome(), Outcome::Ended);
    assert_eq!(app.state().nodes(), "first second");
}

#[tokio::test]
async fn an_action_that_fails_after_a_stop_is_not_retried() {
    let script = Script::default().on("first", [Do::AwaitStop, Do::Fail("interrupted")]);
    let (mut app, recorder, _) = careful(script).await;
    let mut run = app.run(CarefulInputs {});
    assert!(run.finish().until_stalled().is_none());
    run.stopper().stop();
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Stopped(CarefulNode::first));
    drop(run);
    assert_eq!(recorder.count("attempt_failed node `first` failed"), 1);
    assert_eq!(app.state().nodes(), "");
}

#[tokio::test]
async fn dropping_a_run_during_a_retry_delay_cancels_it() {
    let script = Script::default().on("first", [Do::Fail("busy")]);
    let (mut app, recorder, _) = careful(script).await;
    let mut run = app.run(CarefulInputs {});
    assert!(run.finish().until_stalled().is_none());
    drop(run);
    assert_eq!(recorder.count("run_cancelled"), 1);
    assert_eq!(app.resume().await.unwrap().outcome(), Outcome::Ended);
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Race {
    pub winner: Slot<String>,
}

#[streaming_action(state = Race, writes(winner), yields(u32))]
async fn race(#[context] cx: &burdock::Context, #[resource] done: &Arc<Notify>) -> Result<Writes> {
    yield_!(1);
    let winner = tokio::select! {
        () = cx.stopped() => "stop",
        () = done.notified() => "work",
    };
    yield_!(2);
    Ok(Writes { winner: winner.to_owned() })
}

graph! {
    pub Racing(Race) {
        resources { done: Arc<Notify> }
        yields u32;
        nodes { race }
        start race;
        race -> pause race;
    }
}

#[tokio::test]
async fn an_action_can_select_between_a_stop_and_its_work() {
    for (stop, winner) in [(true, "stop"), (false, "work")] {
        let done = Arc::new(Notify::new());
        let mut app =
            Racing::app().resources(RacingResources { done: done.clone() }).build().await.unwrap();
        let mut run = app.run(RacingInputs {});
        let stopper = run.stopper();
        let items = async { run.by_ref().map(|item| item.unwrap()).collect::<Vec<_>>().await };
        let (items, ()) = tokio::join!(items, async {
            tokio::task::yield_now().await;
            if stop { stopper.stop() } else { done.notify_one() }
        });
        assert_eq!(items, [1, 2]);
        assert_eq!(run.finish().await.unwrap().state().winner.get().unwrap(), winner);
    }
}
