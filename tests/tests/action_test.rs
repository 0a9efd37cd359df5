//! Tests of a single action with `ActionTest`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::unused_async,
    clippy::unnecessary_wraps,
    reason = "a test"
)]

use burdock::{Context, Failure, prelude::*};
use burdock_tests::clock::Clock;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chat {
    pub prompt: Slot<String>,
    pub reply: Slot<String>,
    pub rounds: u32,
}

pub struct Llm(&'static [&'static str]);

#[action(state = Chat, writes(prompt))]
async fn take_prompt(#[input] prompt: String) -> Result<Writes> {
    Ok(Writes { prompt })
}

#[streaming_action(state = Chat, reads(prompt, rounds), writes(reply, rounds), yields(String))]
async fn respond(
    chat: Reads<'_>,
    #[resource] llm: &Llm,
    #[context] cx: &Context,
    preamble: String,
    #[param(default = 10)] most: usize,
) -> Result<Writes> {
    let mut reply = format!("{preamble}{}", chat.prompt);
    for word in llm.0.iter().take(most) {
        reply.push_str(word);
        if yield_!((*word).to_owned()).is_stop() {
            break;
        }
    }
    if cx.is_stopped() {
        reply.push_str(" (stopped)");
    }
    Ok(Writes { reply, rounds: chat.rounds + 1 })
}

#[action(state = Chat, writes(reply))]
async fn excuse(#[error] failure: &Failure) -> Result<Writes> {
    Ok(Writes { reply: format!("{failure}: {}", failure.error().unwrap()) })
}

#[streaming_action(state = Chat, writes(rounds), yields(u32), blocking)]
fn on_thread(#[input] to: u32) -> Result<Writes> {
    for item in 0..to {
        yield_!(item);
    }
    Ok(Writes { rounds: to })
}

fn asked() -> Chat {
    Chat { prompt: Slot::set("why?".into()), ..Chat::default() }
}

#[tokio::test]
async fn an_action_receives_its_input_and_returns_its_writes() {
    let (items, writes) =
        take_prompt::test(&Chat::default()).input("prompt", "hello".to_owned()).await;
    assert!(items.is_empty());
    assert_eq!(writes.unwrap().prompt, "hello");
}

#[tokio::test]
async fn a_missing_input_is_an_error_that_names_it() {
    let (_, writes) = take_prompt::test(&Chat::default()).await;
    let text = "the test of `take_prompt` sets no `prompt` of the type that the action declares";
    assert_eq!(writes.err().unwrap().to_string(), text);
    let (_, writes) = take_prompt::test(&Chat::default()).input("prompt", "a str").await;
    assert_eq!(
        writes.err().unwrap().to_string(),
        text,
        "the type has to be exactly the one of the parameter"
    );
}

#[tokio::test]
async fn the_last_value_given_for_a_name_wins() {
    let chat = Chat::default();
    let test = take_prompt::test(&chat);
    let (_, writes) = test.input("prompt", "a".to_owned()).input("prompt", "b".to_owned()).await;
    assert_eq!(writes.unwrap().prompt, "b");
}

#[tokio::test]
async fn an_action_uses_the_resources_and_parameters_of_the_test_and_keeps_the_state() {
    let state = asked();
    let (items, writes) = respond::test(&state)
        .resource("llm", Llm(&[" be", "cause"]))
        .params(|params| params.preamble = Some("> ".into()))
        .await;
    assert_eq!(items, [" be", "cause"]);
    let writes = writes.unwrap();
    assert_eq!((writes.reply.as_str(), writes.rounds), ("> why? because", 1));
    assert_eq!(state, asked());
}

#[tokio::test]
async fn an_unbound_parameter_is_an_error_unless_it_has_a_default() {
    let (_, writes) = respond::test(&asked()).resource("llm", Llm(&[])).await;
    assert_eq!(writes.err().unwrap().to_string(), "the parameter `preamble` is not bound");
    let (items, _) = respond::test(&asked())
        .resource("llm", Llm(&["a", "b"]))
        .params(|params| {
            params.preamble = Some(String::new());
            params.most = Some(1);
        })
        .await;
    assert_eq!(items, ["a"]);
}

#[tokio::test]
async fn an_unset_slot_is_an_error_that_names_it() {
    let (_, writes) = respond::test(&Chat::default()).await;
    assert_eq!(
        writes.err().unwrap().to_string(),
        "`respond` reads the slot `prompt`, which has no value in the state of the test"
    );
}

#[tokio::test]
async fn stop_after_stops_the_action_after_that_many_items() {
    for (after, shown, reply) in [
        (0, 1, "why?a (stopped)"),
        (1, 1, "why?a (stopped)"),
        (2, 2, "why?ab (stopped)"),
        (9, 3, "why?abc"),
    ] {
        let (items, writes) = respond::test(&asked())
            .resource("llm", Llm(&["a", "b", "c"]))
            .params(|params| params.preamble = Some(String::new()))
            .stop_after(after)
            .await;
        assert_eq!((items.len(), writes.unwrap().reply.as_str()), (shown, reply));
    }
}

#[tokio::test]
async fn an_action_receives_the_given_failure_and_fails_without_one() {
    let (_, writes) = excuse::test(&Chat::default()).failure("respond", std::fmt::Error).await;
    let text = format!("node `respond` failed: {}", std::fmt::Error);
    assert_eq!(writes.unwrap().reply, text);
    let (_, writes) = excuse::test(&Chat::default()).await;
    let text = "`failure` needs a failure, but none was given";
    assert_eq!(writes.err().unwrap().to_string(), text);
}

#[tokio::test]
async fn a_blocking_action_runs_on_a_thread_of_the_given_runtime() {
    let (items, writes) =
        on_thread::test(&Chat::default()).input("to", 3_u32).runtime(Clock::default()).await;
    assert_eq!(items, [0, 1, 2]);
    assert_eq!(writes.unwrap().rounds, 3);
}

/// A value without `Debug`.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Secret(u32);

#[derive(State, Clone, Default, Serialize, Deserialize)]
pub struct Vault {
    pub name: Slot<String>,
    pub secret: Secret,
    pub secrets: Vector<Secret>,
    pub opened: u32,
}

#[action(state = Vault, reads(opened), writes(name, secret, secrets, opened))]
async fn open(vault: Reads<'_>) -> Result<Writes> {
    let name = "front door".to_owned();
    Ok(Writes { name, secret: Secret(3), secrets: Vector::default(), opened: vault.opened + 1 })
}

#[action(state = Vault)]
async fn close() -> Result<Writes> {
    Err("it is jammed".into())
}

#[tokio::test]
async fn debug_of_writes_has_all_field_names_and_the_values_that_implement_debug() {
    let (_, writes) = open::test(&Vault::default()).await;
    let shown = r#"Writes { name: "front door", secret: .., secrets: .., opened: 1 }"#;
    assert_eq!(format!("{:?}", writes.unwrap()), shown);
    let (_, writes) = close::test(&Vault::default()).await;
    assert_eq!(writes.unwrap_err().to_string(), "it is jammed");
}
