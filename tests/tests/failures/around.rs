//! Failures outside of an action, in parameters, conditions, edges and slots, and the failures that error edges
//! pass on.

use super::with_rounds;
use burdock::{App, Failure, Outcome, Position, prelude::*};
use burdock_tests::script::{CarefulInputs, Do, EventRecorder, Script};
use serde::{Deserialize, Serialize};
use std::{
    error::Error,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Rough {
    mood: Slot<String>,
    bumps: u32,
}

#[action(state = Rough, writes(bumps))]
async fn break_down() -> Result<Writes> {
    Err(burdock::ActionError::msg("flat tyre"))
}

#[action(state = Rough, writes(bumps))]
async fn repair(#[error] failure: &Failure) -> Result<Writes> {
    Err(burdock::ActionError::msg(format!("cannot repair: {failure}")))
}

graph! {
    RoughRide(Rough) {
        nodes { break_down, repair }
        start break_down;
        break_down | repair -> end;
        on error break_down -> repair;
    }
}

async fn rough(state: Rough) -> (App<RoughRide>, EventRecorder) {
    let recorder = EventRecorder::default();
    let app = RoughRide::app().state(state).observer(recorder.observer()).build().await.unwrap();
    (app, recorder)
}

#[tokio::test]
async fn a_failing_error_handler_ends_the_run_or_takes_its_own_error_edge() {
    let script = Script::default()
        .on("first", [Do::FailTerminally("no")])
        .on("third", [Do::Fail("no again")]);
    let mut bench = with_rounds(script, 1).await;
    let end = bench.app.run(CarefulInputs {}).await.unwrap();
    assert_eq!((end.outcome(), end.last()), (Outcome::Ended, None));
    assert!(end.writes().is_none());
    assert_eq!(bench.app.state().nodes(), "");
    assert_eq!(bench.app.position(), Position::Ended);

    let (mut app, _) = rough(Rough::default()).await;
    let error = app.run(RoughRideInputs {}).await.unwrap_err();
    assert_eq!(error.to_string(), "node `repair` failed");
    assert_eq!(error.source().unwrap().to_string(), "cannot repair: node `break_down` failed");
    assert_eq!(app.position(), Position::Unfinished(RoughRideNode::repair));
    let error = app.resume().await.unwrap_err();
    assert_eq!(
        error.source().unwrap().to_string(),
        "cannot repair: node `break_down` failed",
        "kept for resume"
    );
    let error = app.restart(RoughRideInputs {}).await.unwrap_err();
    assert_eq!(error.to_string(), "node `repair` failed");
}

fn panics(what: &str) -> bool {
    panic!("{what}")
}

fn panics_once() -> u32 {
    static PANICKED: AtomicBool = AtomicBool::new(false);
    assert!(PANICKED.swap(true, Ordering::Relaxed), "the expression");
    7
}

#[action(state = Rough, writes(bumps))]
async fn with_default(
    #[param(default = panics("the default").into())] bumps: u32,
) -> Result<Writes> {
    Ok(Writes { bumps })
}

#[action(state = Rough, writes(bumps))]
async fn with_value(bumps: u32) -> Result<Writes> {
    Ok(Writes { bumps })
}

#[action(state = Rough, reads(bumps), writes(bumps, mood))]
async fn bump(rough: Reads<'_>) -> Result<Writes> {
    Ok(Writes { bumps: rough.bumps + 1, mood: "shaken".into() })
}

#[action(state = Rough, reads(mood), writes(bumps))]
async fn feel(rough: Reads<'_>) -> Result<Writes> {
    Ok(Writes { bumps: u32::try_from(rough.mood.len()).unwrap_or_default() })
}

graph! {
    Potholes(Rough) {
        nodes {
            default: with_default,
            value: with_value { bumps: panics_once() },
            condition: bump,
            #[timeout(Duration::from_secs(panics("the timeout").into()))]
            timeout: bump,
            by_edge: break_down_again,
            feel,
        }
        start default;
        default -> value;
        value -> condition;
        condition -> if panics(&format!("at {}", state.bumps)) { end } else { timeout };
        timeout -> by_edge;
        by_edge -> feel;
        feel -> if state.mood.is_empty() { end } else { pause default };
        on error by_edge -> if panics("the error edge") { end } else { default };
    }
}

#[action(state = Rough, writes(bumps))]
async fn break_down_again() -> Result<Writes> {
    Err(burdock::ActionError::msg("flat tyre"))
}

async fn potholes(at: PotholesNode, state: Rough) -> App<Potholes> {
    Potholes::app().state(state).at(Position::Rest(at)).build().await.unwrap()
}

#[tokio::test]
async fn panics_in_parameters_conditions_and_edges_fail_the_step_and_change_nothing() {
    let table = [
        (PotholesNode::default, "node `default` panicked: the default"),
        (PotholesNode::condition, "node `condition` panicked: at 6"),
        (PotholesNode::timeout, "node `timeout` panicked: the timeout"),
        (PotholesNode::by_edge, "node `by_edge` panicked: the error edge"),
    ];
    for (node, message) in table {
        let state = Rough { bumps: 5, ..Rough::default() };
        let mut app = potholes(node, state.clone()).await;
        let mut run = app.run(PotholesInputs {});
        let error = run.next().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(run.finish().await.unwrap_err().to_string(), message);
        drop(run);
        assert_eq!(app.state(), &state, "{message}");
        assert_eq!(app.position(), Position::Unfinished(node), "{message}");
    }
}

#[tokio::test]
async fn parameter_expressions_are_evaluated_for_each_attempt() {
    let mut app = potholes(PotholesNode::value, Rough::default()).await;
    let error = app.run(PotholesInputs {}).await.unwrap_err();
    assert_eq!(error.to_string(), "node `value` panicked: the expression");
    assert_eq!(app.state(), &Rough::default());
    assert_eq!(app.position(), Position::Unfinished(PotholesNode::value));
    let end = app.resume().halt_after(PotholesNode::value).await.unwrap();
    assert_eq!(end.state().bumps, 7);
}

#[tokio::test]
async fn reading_an_unset_slot_fails_the_step() {
    let mut app = potholes(PotholesNode::feel, Rough::default()).await;
    let error = app.run(PotholesInputs {}).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "node `feel` reads the slot `mood`, which has no value in this state"
    );
    assert_eq!(app.state(), &Rough::default());
    assert_eq!(app.position(), Position::Unfinished(PotholesNode::feel));

    let state = Rough { mood: String::new().into(), bumps: 3 };
    let mut app = potholes(PotholesNode::feel, state).await;
    assert_eq!(app.run(PotholesInputs {}).await.unwrap().outcome(), Outcome::Ended);
    assert_eq!(app.state().bumps, 0);
}

graph! {
    Asking(Rough) {
        nodes { bump, pace: with_value { bumps: 1 } }
        start bump;
        bump -> pause pace;
        pace -> if state.mood == "shaken" { end } else { pause bump };
    }
}

#[tokio::test]
async fn a_condition_that_reads_an_unset_slot_fails_the_step_and_reverts_its_writes() {
    let mut app = Asking::app()
        .state(Rough::default())
        .at(Position::Rest(AskingNode::pace))
        .build()
        .await
        .unwrap();
    let error = app.run(AskingInputs {}).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "node `pace` reads the slot `mood`, which has no value in this state"
    );
    assert_eq!(app.state(), &Rough::default(), "the writes of the action are reverted");
    assert_eq!(app.position(), Position::Unfinished(AskingNode::pace));
}

#[action(state = Rough, writes(bumps))]
async fn stumble(#[input] over: u32) -> Result<Writes> {
    match over {
        0 => Ok(Writes { bumps: 0 }),
        _ => Err(burdock::ActionError::msg("a stone")),
    }
}

#[action(state = Rough, writes(mood))]
async fn complain(#[error] failure: &Failure) -> Result<Writes> {
    Ok(Writes { mood: failure.to_string() })
}

graph! {
    Walk(Rough) {
        inputs { over: u32 }
        nodes { stumble, complain, proceed: stumble }
        start stumble;
        stumble -> end;
        on error stumble -> pause complain;
        complain -> proceed;
        proceed -> end;
    }
}

#[tokio::test]
async fn a_failure_is_kept_across_a_pause_and_a_restart() {
    let mut app = Walk::app().build().await.unwrap();
    let end = app.run(WalkInputs { over: 1 }).await.unwrap();
    assert_eq!(end.outcome(), Outcome::Paused(WalkNode::complain));
    let error = app.run(WalkInputs { over: 1 }).await.unwrap_err();
    assert_eq!(error.to_string(), "node `proceed` failed");
    assert_eq!(app.state().mood.get().unwrap(), "node `stumble` failed");
    let end = app.restart(WalkInputs { over: 0 }).await.unwrap();
    assert_eq!(end.outcome(), Outcome::Ended);
    assert_eq!(end.state().mood.get().unwrap(), "node `stumble` failed");
}
