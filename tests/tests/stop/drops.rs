//! Runs that are dropped.

use super::{bench, rest};
use burdock::Position;
use burdock_tests::script::{Do, LineInputs, LineNode as At, Script};
use burdock_tests::stalled::UntilStalled;

#[tokio::test]
async fn dropping_a_run_cancels_the_action_and_emits_one_event() {
    let script =
        Script::default().on("second", [Do::Yield(1), Do::Yield(2)]).on("second", [Do::Yield(3)]);
    let mut bench = bench(script).await;
    let mut run = bench.app.run(LineInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), 1);
    assert_eq!(bench.drops.nodes(), "first");
    drop(run);
    assert_eq!(bench.drops.nodes(), "first second");
    assert_eq!(bench.recorder.count("run_cancelled"), 1);
    assert_eq!(bench.app.state().nodes(), "first");
    assert_eq!(bench.app.position(), Position::Unfinished(At::second));
    bench.recorder.take();
    let mut run = bench.app.resume();
    assert_eq!(rest(&mut run).await, [3]);
    drop(run);
    assert_eq!(
        bench.recorder.take(),
        "second 1.1 run_started\n\
         second 1.1 items_superseded 1\n\
         second 1.1 step_started\n\
         second 1.1 item\n\
         second 1.1 step_committed Node(third)\n\
         third 2.1 step_started\n\
         third 2.1 step_committed Pause(first)\n\
         third 3.1 run_finished Paused(first)"
    );
    assert_eq!(bench.app.state().nodes(), "first second third");
}

#[tokio::test]
async fn dropping_a_run_while_its_action_waits_emits_one_event() {
    let script = Script::default().on("first", [Do::Hang]);
    let mut bench = bench(script).await;
    let mut run = bench.app.run(LineInputs {});
    assert!(run.next().until_stalled().is_none());
    drop(run);
    assert_eq!(
        bench.recorder.take(),
        "first 0.1 run_started\nfirst 0.1 step_started\nfirst 0.1 run_cancelled"
    );
    assert_eq!(bench.app.position(), Position::Unfinished(At::first));
}

#[tokio::test]
async fn dropping_a_finished_run_does_not_cancel_it() {
    let mut bench = bench(Script::default()).await;
    let mut run = bench.app.run(LineInputs {});
    run.finish().await.unwrap();
    drop(run);
    let mut run = bench.app.run(LineInputs {});
    while run.step().await.unwrap().is_some() {}
    drop(run);
    assert_eq!(bench.recorder.count("run_cancelled"), 0);
    assert_eq!(bench.recorder.count("run_finished"), 2);
}

#[tokio::test]
async fn dropping_a_run_after_its_last_commit_finishes_it() {
    let mut bench = bench(Script::default()).await;
    let mut run = bench.app.run(LineInputs {});
    for _ in 0..3 {
        run.step().await.unwrap();
    }
    drop(run);
    assert_eq!(bench.app.position(), Position::Rest(At::first));
    assert_eq!(bench.recorder.count("run_cancelled"), 0);
    assert_eq!(bench.recorder.count("third 3.1 run_finished Paused(first)"), 1);
}

#[tokio::test]
async fn dropping_a_failed_run_does_not_cancel_it() {
    let mut bench = bench(Script::default().on("first", [Do::Fail("no")])).await;
    let mut run = bench.app.run(LineInputs {});
    run.next().await.unwrap().unwrap_err();
    drop(run);
    assert_eq!(bench.recorder.count("run_cancelled"), 0);
    assert_eq!(bench.recorder.count("run_failed"), 1);
}

#[tokio::test]
async fn restart_after_a_drop_supersedes_the_items_of_the_dropped_step() {
    let script = Script::default().on("second", [Do::Yield(1), Do::Yield(2)]);
    let mut bench = bench(script).await;
    let mut run = bench.app.run(LineInputs {});
    run.next().await.unwrap().unwrap();
    run.next().await.unwrap().unwrap();
    drop(run);
    bench.recorder.take();
    bench.app.restart(LineInputs {}).halt_after(At::first).await.unwrap();
    assert_eq!(
        bench.recorder.take(),
        "first 1.1 run_started\n\
         second 1.1 items_superseded 2\n\
         first 1.1 step_started\n\
         first 1.1 step_committed Node(second)\n\
         first 2.1 run_finished Halted(second)"
    );
    assert_eq!(bench.app.state().nodes(), "first first");
}
