//! Stops, timeouts and consumers that leave while children work.

use super::*;
use burdock::{Context, Outcome, RunErrorKind};
use std::time::Duration;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Wait {
    waited: u32,
}

/// Never ends, and does not notice a stop.
#[action(state = Wait, writes(waited))]
async fn hang() -> Result<Writes> {
    std::future::pending().await
}

graph! {
    Hanging(Wait) { nodes { hang } start hang; hang -> end; }
}

#[action(state = Wait, writes(waited))]
async fn until_stopped(#[context] cx: &Context) -> Result<Writes> {
    cx.stopped().await;
    Ok(Writes { waited: 1 })
}

graph! {
    /// Ends with a result when it is stopped.
    Patient(Wait) { nodes { until_stopped } start until_stopped; until_stopped -> end; }
}

#[action(state = Wait, writes(waited))]
async fn supervise(#[graph] patient: Sub<'_, Patient>) -> Result<Writes> {
    let starts = (0..3).map(|number| (number.to_string(), PatientInputs {}));
    let ends = patient.each(starts).finish().await?;
    Ok(Writes { waited: ends.iter().map(|(_, end)| end.state().waited).sum() })
}

graph! {
    Supervising(Wait) { nodes { supervise } start supervise; supervise -> end; }
}

#[action(state = Wait, writes(waited))]
async fn wait_for_one(#[graph] hanging: Sub<'_, Hanging>) -> Result<Writes> {
    let end = hanging.run("one", HangingInputs {}).await?;
    Ok(Writes { waited: end.state().waited })
}

/// Keeps what it has when it is stopped.
#[action(state = Wait, reads(waited), writes(waited))]
async fn or_give_up(
    wait: Reads<'_>,
    #[graph] hanging: Sub<'_, Hanging>,
    #[context] cx: &Context,
) -> Result<Writes> {
    tokio::select! {
        end = hanging.run("one", HangingInputs {}) => Ok(Writes { waited: end?.state().waited }),
        () = cx.stopped() => Ok(Writes { waited: wait.waited + 7 }),
    }
}

graph! {
    Waiting(Wait) {
        inputs { give_up: bool }
        nodes {
            choose,
            wait_for_one,
            #[timeout(Duration::from_secs(9))]
            #[retry(Retry::times(2).first(Duration::ZERO))]
            timed: wait_for_one,
            or_give_up,
        }
        start choose;
        choose -> if state.waited == 1 { or_give_up } else if state.waited == 2 { timed } else { wait_for_one };
        wait_for_one -> end;
        timed -> end;
        or_give_up -> end;
    }
}

#[action(state = Wait, reads(waited), writes(waited))]
async fn choose(wait: Reads<'_>, #[input] give_up: bool) -> Result<Writes> {
    let _ = give_up;
    Ok(Writes { waited: *wait.waited })
}

#[tokio::test(start_paused = true)]
async fn a_stop_reaches_the_children_and_their_results_are_committed() {
    for log in [None, Some(memory())] {
        let builder = Supervising::app().id("ada");
        let mut app = match &log {
            Some(log) => builder.log(Arc::clone(log)).build().await.unwrap(),
            None => builder.build().await.unwrap(),
        };
        let mut run = app.run(SupervisingInputs {});
        let stopper = run.stopper();
        let stop = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            stopper.stop();
        };
        let (end, ()) = tokio::join!(run.finish(), stop);
        let end = end.unwrap();
        assert_eq!((end.outcome(), end.state().waited), (Outcome::Ended, 3));
    }
}

async fn waiting(log: &Arc<dyn Log>, waited: u32) -> App<Waiting> {
    let app = Waiting::app().state(Wait { waited }).id("ada").log(Arc::clone(log));
    app.build().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_child_does_not_stop_is_cancelled_and_the_child_continues_later() {
    let log = memory();
    let mut app = waiting(&log, 0).await;
    let mut run = app.run(WaitingInputs { give_up: false });
    let stopper = run.stopper();
    let stop = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stopper.stop();
    };
    let (end, ()) = tokio::join!(run.finish(), stop);
    assert!(matches!(
        end.unwrap_err().kind(),
        RunErrorKind::Cancelled { node: "wait_for_one", .. }
    ));
    drop(run);
    assert_eq!(app.position(), Position::Unfinished(WaitingNode::wait_for_one));
    // the same child, not another one
    let mut run = app.resume().into_future();
    assert!(futures::poll!(&mut run).is_pending());
    drop(run);
    let started = entries(&log, &ada()).await;
    let started = started.iter().filter(|kind| matches!(kind, EntryKind::ChildStarted { .. }));
    assert_eq!(started.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_action_that_selects_a_stop_commits_what_it_has() {
    let log = memory();
    let mut app = waiting(&log, 1).await;
    let mut run = app.run(WaitingInputs { give_up: true });
    let stopper = run.stopper();
    let stop = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stopper.stop();
    };
    let (end, ()) = tokio::join!(run.finish(), stop);
    assert_eq!(end.unwrap().state().waited, 8);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_never_ends_is_ended_by_the_timeout_of_its_parent() {
    let log = memory();
    let mut app = waiting(&log, 2).await;
    let started = tokio::time::Instant::now();
    let error = app.run(WaitingInputs { give_up: false }).await.unwrap_err();
    let RunErrorKind::Failed(failure) = error.kind() else { panic!("{error:?}") };
    assert_eq!((failure.node(), failure.attempts()), ("timed", 3));
    assert_eq!(started.elapsed(), Duration::from_secs(27));
}
