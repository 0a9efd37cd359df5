//! Inputs: missing optional inputs, and the inputs of resumed and restarted runs.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::unused_async,
    clippy::ref_option,
    reason = "a test"
)]

use burdock::{App, Outcome, Position, RunErrorKind, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Form {
    pub name: Slot<String>,
    pub age: Slot<u32>,
    pub asked: bool,
}

#[action(state = Form, writes(name))]
async fn take_name(#[input] name: String) -> Result<Writes> {
    if name == "fail" {
        return Err(burdock::ActionError::msg("no name"));
    }
    Ok(Writes { name })
}

#[action(state = Form, writes(age))]
async fn take_age(#[input] age: &u32) -> Result<Writes> {
    Ok(Writes { age: *age })
}

#[action(state = Form, writes(asked))]
async fn maybe_age(#[input] age: &Option<u32>) -> Result<Writes> {
    Ok(Writes { asked: age.is_some() })
}

graph! {
    /// The age is needed only after a pause.
    pub Late(Form) {
        inputs { name: String, age: Option<u32> }
        nodes { name: take_name, age: take_age }
        start name;
        name -> pause age;
        age -> pause name;
    }
}

graph! {
    /// The age can be needed in the first run.
    pub Early(Form) {
        inputs { name: String, age: Option<u32> }
        nodes { name: take_name, check: maybe_age, age: take_age }
        start check;
        check -> name;
        name -> if state.name == "me" { age } else { end };
        age -> pause check;
    }
}

graph! {
    /// The age is needed after an error.
    pub OnError(Form) {
        inputs { name: String, age: Option<u32> }
        nodes { name: take_name, age: take_age, check: maybe_age }
        start name;
        name -> check;
        check -> end;
        age -> end;
        on error name -> age;
    }
}

async fn late() -> App<Late> {
    Late::app().build().await.unwrap()
}

fn late_inputs(name: &str, age: Option<u32>) -> LateInputs {
    LateInputs { name: name.into(), age }
}

#[tokio::test]
async fn an_optional_input_may_be_missing_if_it_is_needed_only_after_a_pause() {
    let mut app = late().await;
    let end = app.run(late_inputs("me", None)).await.unwrap();
    assert_eq!(end.outcome(), Outcome::Paused(LateNode::age));

    let mut run = app.run(late_inputs("me", None));
    assert!(run.next().await.is_some());
    let error = run.finish().await.unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::MissingInput { node: "age", input: "age" }));
    drop(run);
    assert_eq!(app.position(), Position::Rest(LateNode::age), "rejected before anything changed");

    let end = app.run(late_inputs("me", Some(7))).await.unwrap();
    assert_eq!(end.state().age.get(), Some(&7));
}

#[tokio::test]
async fn a_run_that_can_reach_a_node_with_a_missing_input_is_rejected_before_it_starts() {
    let mut app = Early::app().build().await.unwrap();
    let error = app.run(EarlyInputs { name: "you".into(), age: None }).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the run can reach node `age`, which needs the input `age`, but it was not given"
    );
    assert_eq!(app.position(), Position::Rest(EarlyNode::check));
    assert_eq!(app.state(), &Form::default());
    let end = app.run(EarlyInputs { name: "me".into(), age: Some(3) }).await.unwrap();
    assert_eq!(end.outcome(), Outcome::Paused(EarlyNode::check));
    assert_eq!((end.state().age.get(), end.state().asked), (Some(&3), true));
}

#[tokio::test]
async fn a_node_behind_an_error_edge_counts_as_reachable() {
    let mut app = OnError::app().build().await.unwrap();
    let error = app.run(OnErrorInputs { name: "me".into(), age: None }).await.unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::MissingInput { node: "age", input: "age" }));
    let end = app.run(OnErrorInputs { name: "fail".into(), age: Some(1) }).await.unwrap();
    assert_eq!(end.state().age.get(), Some(&1));
}

#[tokio::test]
async fn resume_uses_the_recorded_inputs_and_restart_the_new_ones() {
    let inputs = |name: &str, age| EarlyInputs { name: name.into(), age: Some(age) };
    let mut app = Early::app().build().await.unwrap();
    app.run(inputs("me", 1)).halt_before(EarlyNode::age).await.unwrap();
    assert_eq!(app.resume().await.unwrap().state().age.get(), Some(&1));

    app.run(inputs("me", 2)).halt_before(EarlyNode::age).await.unwrap();
    assert_eq!(app.restart(inputs("me", 3)).await.unwrap().state().age.get(), Some(&3));

    app.run(inputs("me", 4)).halt_before(EarlyNode::age).await.unwrap();
    let refused = app.run(inputs("you", 5)).await.unwrap_err();
    assert!(matches!(refused.kind(), RunErrorKind::Unfinished { node: "age" }));
    let missing = app.restart(EarlyInputs { name: "me".into(), age: None }).await.unwrap_err();
    assert!(matches!(missing.kind(), RunErrorKind::MissingInput { .. }));
    assert_eq!(app.position(), Position::Unfinished(EarlyNode::age));
    assert_eq!(
        app.resume().await.unwrap().state().age.get(),
        Some(&4),
        "rejected inputs have no effect"
    );
}

graph! {
    /// All inputs are optional.
    pub Relaxed(Form) {
        inputs { age: Option<u32> }
        nodes { check: maybe_age }
        start check;
        check -> end;
    }
}

graph! {
    /// No inputs.
    pub Empty(Form) {
        nodes { check: skip }
        start check;
        check -> end;
    }
}

#[action(state = Form)]
async fn skip() -> Result<Writes> {
    Ok(Writes {})
}

#[tokio::test]
async fn inputs_have_a_default_if_all_are_optional() {
    let mut app = Relaxed::app().build().await.unwrap();
    let end = app.run(RelaxedInputs::default()).await.unwrap();
    assert!(!end.state().asked);
    let mut app = Empty::app().build().await.unwrap();
    assert_eq!(app.run(EmptyInputs::default()).await.unwrap().outcome(), Outcome::Ended);
}
