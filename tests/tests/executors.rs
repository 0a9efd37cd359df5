//! The default runtime under every executor: waiting and blocking actions behave the same.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unnecessary_wraps,
    reason = "a test"
)]

use burdock::{App, Outcome, Position, Retry, Run, RunErrorKind, prelude::*};
use burdock_tests::script::{
    Careful, CarefulInputs, CarefulNode, CarefulResources, Do, Drops, Log, Script, rescue, work,
};
use burdock_tests::stalled::UntilStalled;
use futures::{StreamExt, executor::block_on, future::join};
use serde::{Deserialize, Serialize};
use std::{env, process::Command, thread, time::Duration};
use tokio::runtime::{Builder, Runtime as Tokio};

const BRIEF: Duration = Duration::from_millis(1);

graph! {
    /// Its delays and timeouts are short, and use the real clock.
    pub Brief(Log) {
        resources { script: Script, drops: Drops }
        yields u32;
        nodes {
            #[retry(Retry::times(2).first(BRIEF))]
            first: work,
            #[timeout(BRIEF)]
            second: work,
            rescue,
        }
        start first;
        first -> second;
        second | rescue -> end;
        on error second -> rescue;
    }
}

async fn brief(script: Script) -> App<Brief> {
    let drops = Drops::default();
    Brief::app().resources(BriefResources { script, drops }).build().await.unwrap()
}

async fn careful(script: Script) -> App<Careful> {
    let drops = Drops::default();
    Careful::app().resources(CarefulResources { script, drops }).build().await.unwrap()
}

fn tokio() -> Tokio {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn tokio_without_time() -> Tokio {
    Builder::new_current_thread().build().unwrap()
}

fn in_every_executor<F: Future>(test: impl Fn() -> F) {
    block_on(test());
    tokio().block_on(test());
    tokio_without_time().block_on(test());
    // as a task that outlives its runtime
    let shut_down = tokio().handle().clone();
    shut_down.block_on(test());
}

#[test]
fn a_stop_cancels_after_the_grace_period() {
    in_every_executor(|| async {
        let mut app = brief(Script::default().on("first", [Do::Yield(1), Do::Hang])).await;
        let mut run = app.run(BriefInputs {}).grace_period(BRIEF);
        assert_eq!(run.next().await.unwrap().unwrap(), 1);
        run.stopper().stop();
        let error = run.finish().await.unwrap_err();
        assert!(
            matches!(error.kind(), RunErrorKind::Cancelled { node: "first", grace_period: BRIEF }),
            "{error}"
        );
        drop(run);
        assert_eq!(app.position(), Position::Unfinished(BriefNode::first));
        assert_eq!(app.resume().await.unwrap().outcome(), Outcome::Ended);
        assert_eq!(app.state().nodes(), "first second");
    });
}

#[test]
fn an_action_that_finishes_within_the_grace_period_is_committed() {
    in_every_executor(|| async {
        let mut app = brief(Script::default().on("first", [Do::Yield(1), Do::AwaitStop])).await;
        let mut run = app.run(BriefInputs {});
        assert_eq!(run.next().await.unwrap().unwrap(), 1);
        let stopper = run.stopper();
        let (end, ()) = join(run.finish(), async { stopper.stop() }).await;
        assert_eq!(end.unwrap().outcome(), Outcome::Stopped(BriefNode::second));
        drop(run);
        assert_eq!(app.state().nodes(), "first");
    });
}

#[test]
fn a_timeout_fails_its_step() {
    in_every_executor(|| async {
        let mut app = brief(Script::default().on("second", [Do::Hang])).await;
        assert_eq!(app.run(BriefInputs {}).await.unwrap().outcome(), Outcome::Ended);
        let rescued = "first rescue(node `second` timed out after 1ms, 1 attempts)";
        assert_eq!(app.state().nodes(), rescued);
    });
}

#[test]
fn a_step_that_finishes_in_time_is_not_timed_out() {
    in_every_executor(|| async {
        let mut app = careful(Script::default().on("second", [Do::Yield(1)])).await;
        assert_eq!(app.run(CarefulInputs {}).await.unwrap().outcome(), Outcome::Ended);
        assert_eq!(app.state().nodes(), "first second");
    });
}

#[test]
fn a_retry_starts_after_its_delay() {
    in_every_executor(|| async {
        let script = Script::default().on("first", [Do::Fail("a")]).on("first", [Do::Fail("b")]);
        let mut app = brief(script).await;
        let before = std::time::Instant::now();
        assert_eq!(app.run(BriefInputs {}).await.unwrap().outcome(), Outcome::Ended);
        assert!(before.elapsed() >= 3 * BRIEF);
        assert_eq!(app.state().nodes(), "first second");
    });
}

#[test]
fn a_stop_ends_the_delay_before_a_retry() {
    in_every_executor(|| async {
        let mut app = careful(Script::default().on("first", [Do::Fail("a")])).await;
        let mut run = app.run(CarefulInputs {});
        assert!(run.finish().until_stalled().is_none());
        run.stopper().stop();
        assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Stopped(CarefulNode::first));
    });
}

#[test]
fn an_action_sleeps() {
    in_every_executor(|| async {
        let mut app = brief(Script::default().on("first", [Do::Sleep(BRIEF)])).await;
        assert_eq!(app.run(BriefInputs {}).await.unwrap().outcome(), Outcome::Ended);
    });
}

#[test]
fn a_sleep_of_the_maximum_duration_is_accepted() {
    in_every_executor(|| async {
        let mut app = brief(Script::default().on("first", [Do::Sleep(Duration::MAX)])).await;
        let mut run = app.run(BriefInputs {});
        assert!(run.next().until_stalled().is_none());
    });
}

/// Polls a run until the timeout of its second node has started.
async fn wait_for_the_timeout(run: &mut Run<'_, Brief>) {
    assert_eq!(run.step().await.unwrap().unwrap().node, BriefNode::first);
    // on a slow machine it may have timed out already
    let _ = run.finish().until_stalled();
}

async fn assert_timed_out(run: &mut Run<'_, Brief>) {
    assert_eq!(run.finish().await.unwrap().last(), Some(BriefNode::rescue));
}

#[test]
fn a_waiting_run_continues_after_its_runtime_was_dropped() {
    let mut app = block_on(brief(Script::default().on("second", [Do::Hang])));
    let mut run = app.run(BriefInputs {});
    tokio().block_on(wait_for_the_timeout(&mut run));
    block_on(assert_timed_out(&mut run));
}

#[test]
fn a_waiting_run_continues_while_its_runtime_is_idle() {
    let tokio = tokio();
    let mut app = tokio.block_on(brief(Script::default().on("second", [Do::Hang])));
    let mut run = app.run(BriefInputs {});
    tokio.block_on(wait_for_the_timeout(&mut run));
    block_on(assert_timed_out(&mut run));
}

#[test]
fn a_waiting_run_continues_in_another_runtime() {
    let (first, second) = (tokio(), tokio());
    let mut app = first.block_on(brief(Script::default().on("second", [Do::Hang])));
    let mut run = app.run(BriefInputs {});
    first.block_on(wait_for_the_timeout(&mut run));
    second.block_on(assert_timed_out(&mut run));
}

#[test]
fn a_run_that_waits_outside_of_a_runtime_continues_in_one() {
    let mut app = block_on(brief(Script::default().on("second", [Do::Hang])));
    let mut run = app.run(BriefInputs {});
    block_on(wait_for_the_timeout(&mut run));
    tokio().block_on(assert_timed_out(&mut run));
}

/// The sum that a thread computes.
#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sum {
    pub total: u32,
}

#[streaming_action(state = Sum, reads(total), writes(total), yields(u32), blocking)]
fn add(sum: Reads<'_>) -> Result<Writes> {
    let mut total = *sum.total;
    for number in 1..=3 {
        if yield_!(number).is_stop() {
            break;
        }
        total += number;
    }
    Ok(Writes { total })
}

graph! {
    pub Adding(Sum) {
        yields u32;
        nodes { add }
        start add;
        add -> pause;
    }
}

async fn assert_sum() {
    let mut app = Adding::app().build().await.unwrap();
    let mut run = app.run(AddingInputs {});
    let items: Vec<u32> = run.by_ref().map(|item| item.unwrap()).collect().await;
    assert_eq!(items, [1, 2, 3]);
    assert_eq!(run.finish().await.unwrap().outcome(), Outcome::Paused(AddingNode::add));
    drop(run);
    // dropping a run ends its thread
    let mut run = app.run(AddingInputs {});
    run.next().await.unwrap().unwrap();
    drop(run);
    assert_eq!(app.close().await.unwrap().total, 6, "closing waits for the threads");
}

#[test]
fn a_blocking_action_runs_on_a_thread() {
    block_on(assert_sum());
    tokio().block_on(assert_sum());
    tokio_without_time().block_on(assert_sum());
}

#[test]
fn a_blocking_action_runs_in_its_test() {
    let (items, writes) = block_on(add::test(&Sum::default()).into_future());
    assert_eq!((items, writes.unwrap().total), (vec![1, 2, 3], 6));
}

#[test]
fn a_blocking_action_in_a_runtime_that_was_shut_down_fails_its_step() {
    let shut_down = tokio().handle().clone();
    shut_down.block_on(assert_no_thread());
}

async fn assert_no_thread() {
    let mut app = Adding::app().build().await.unwrap();
    let error = app.run(AddingInputs {}).await.unwrap_err();
    let RunErrorKind::Failed(failure) = error.kind() else { panic!("the step fails") };
    let error = failure.error().unwrap();
    assert_eq!(error.to_string(), "no thread was started for a blocking action");
    assert!(error.is_retryable());
    assert_eq!(app.close().await.unwrap(), Sum::default());
}

async fn assert_timeout() {
    let mut app = brief(Script::default().on("second", [Do::Hang])).await;
    assert_timed_out(&mut app.run(BriefInputs {})).await;
}

/// Runs itself in a child process whose threads would need more memory than is available.
#[test]
fn without_threads_a_blocking_action_fails_and_timeouts_still_fire() {
    const CHILD: &str = "BURDOCK_TESTS_WITHOUT_THREADS";
    if env::var_os(CHILD).is_none() {
        let name = "without_threads_a_blocking_action_fails_and_timeouts_still_fire";
        let child = Command::new(env::current_exe().unwrap())
            .args([name, "--exact", "--test-threads=1"])
            .env(CHILD, "")
            .env("RUST_MIN_STACK", (usize::MAX / 4).to_string())
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && stdout.contains("1 passed"), "{stdout}");
        return;
    }
    assert!(thread::Builder::new().spawn(|| ()).is_err());
    in_every_executor(assert_no_thread);
    in_every_executor(assert_timeout);
}
