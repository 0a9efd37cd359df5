//! `appends(field)` and `writes(field?)`.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

use burdock::{
    Event, Observer,
    event::Observed,
    log::{EntryKind, Log, MemoryLog, Offset, SessionId},
    prelude::*,
    state::Patch,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::{Arc, Mutex};

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chat {
    pub history: Vector<String>,
    pub ticket: Slot<u32>,
    pub closed: bool,
    pub turns: u32,
}

/// Adds the words of the prompt. Does not read the list.
#[action(state = Chat, writes(ticket?, turns, closed?), appends(history), reads(turns))]
async fn hear(chat: Reads<'_>, #[input] prompt: &String) -> Result<Writes> {
    let history: Vec<String> = prompt.split_whitespace().map(str::to_owned).collect();
    let ticket = history.iter().find_map(|word| word.parse().ok());
    let closed = prompt.is_empty().then_some(true);
    Ok(Writes { turns: chat.turns + 1, ticket, closed, history })
}

graph! {
    Talking(Chat) {
        inputs { prompt: String }
        nodes { hear, again: hear }
        start hear;
        hear -> if state.turns > 100 { again } else { pause };
        again -> end;
    }
}

/// Fails in the condition, so that the candidate is undone.
mod undone {
    use super::{Chat, hear};
    use burdock::prelude::*;

    fn is_bad(history: &Vector<String>) -> bool {
        assert!(history.last().is_none_or(|word| word != "bad"), "a bad word");
        false
    }

    graph! {
        pub Checked(Chat) {
            inputs { prompt: String }
            nodes { hear }
            start hear;
            hear -> if is_bad(&state.history) { end } else { pause };
        }
    }
}

fn list(words: &[&str]) -> Vector<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn inputs(prompt: &str) -> TalkingInputs {
    TalkingInputs { prompt: prompt.into() }
}

#[tokio::test]
async fn action_returns_the_new_elements_and_the_optional_values() {
    let chat = Chat { history: list(&["old"]), ..Chat::default() };
    let (_, writes) = hear::test(&chat).input("prompt", "a 7 b".to_owned()).await;
    let writes = writes.unwrap();
    assert_eq!(writes.history, ["a", "7", "b"]);
    assert_eq!((writes.ticket, writes.closed, writes.turns), (Some(7), None, 1));
    assert_eq!(
        format!("{writes:?}"),
        r#"Writes { turns: 1, ticket: Some(7), closed: None, history: ["a", "7", "b"] }"#
    );
}

#[tokio::test]
async fn log_has_the_tail_and_the_fields_that_were_written() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let mut app = Talking::app().id("s").log(Arc::clone(&log)).build().await.unwrap();
    for prompt in ["one two", "3", "four", "nothing new", ""] {
        app.run(inputs(prompt)).await.unwrap();
    }
    let expected = Chat {
        history: list(&["one", "two", "3", "four", "nothing", "new"]),
        ticket: Slot::set(3),
        closed: true,
        turns: 5,
    };
    assert_eq!(*app.state(), expected);
    app.close().await.unwrap();
    let session = SessionId::new("s").unwrap();
    let records = log.read(&session, Offset::ZERO, 100).await.unwrap();
    let patches: Vec<Vec<(String, Patch)>> = records
        .iter()
        .filter_map(|record| match record.entry(&session).unwrap().kind {
            EntryKind::StepCommitted { patches, .. } => Some(patches.into_iter().collect()),
            _ => None,
        })
        .collect();
    let set = |name: &str, value| (name.to_owned(), Patch::Set(value));
    let append = |keep, words: &[&str]| {
        let tail = words.iter().map(|word| json!(word)).collect();
        ("history".to_owned(), Patch::Append { keep, tail })
    };
    let mut sorted = patches;
    for patches in &mut sorted {
        patches.sort_by(|left, right| left.0.cmp(&right.0));
    }
    assert_eq!(
        sorted,
        [
            vec![append(0, &["one", "two"]), set("turns", json!(1))],
            vec![append(2, &["3"]), set("ticket", json!(3)), set("turns", json!(2))],
            vec![append(3, &["four"]), set("turns", json!(3))],
            vec![append(4, &["nothing", "new"]), set("turns", json!(4))],
            vec![set("closed", json!(true)), set("turns", json!(5))],
        ]
    );
    let app = Talking::app().id("s").log(log).build().await.unwrap();
    assert_eq!(*app.state(), expected);
}

#[tokio::test]
async fn candidate_that_is_undone_leaves_the_list_and_the_optional_fields() {
    let state = Chat { history: list(&["old"]), turns: 3, ..Chat::default() };
    let mut app = undone::Checked::app().state(state.clone()).build().await.unwrap();
    let run = app.run(undone::CheckedInputs { prompt: "7 bad".into() });
    assert!(run.await.is_err());
    assert_eq!(*app.state(), state);
    app.restart(undone::CheckedInputs { prompt: "good".into() }).await.unwrap();
    assert_eq!(app.state().history, list(&["old", "good"]));
    assert!(!app.state().ticket.is_set());
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<WritesSeen>>>);

/// The appended elements, the ticket and the flag of a commit.
type WritesSeen = (Vec<String>, Option<u32>, Option<bool>);

fn seen(writes: TalkingWrites) -> WritesSeen {
    match writes {
        TalkingWrites::hear(writes) | TalkingWrites::again(writes) => {
            (writes.history, writes.ticket, writes.closed)
        }
    }
}

impl Observer<Talking> for Seen {
    fn on_event_in(&mut self, _: &Event<Talking>, session: &Observed<'_, Talking>) {
        self.0.lock().unwrap().extend(session.writes().map(seen));
    }
}

#[tokio::test]
async fn writes_of_a_commit_are_those_that_the_action_returned() {
    let observer = Seen::default();
    let state = Chat { history: list(&["old"]), turns: 100, ..Chat::default() };
    let builder = Talking::app().state(state).observer(observer.clone());
    let mut app = builder.build().await.unwrap();
    let mut run = app.run(inputs("a 7"));
    let written = (vec!["a".to_owned(), "7".to_owned()], Some(7), None);
    let committed = run.step().await.unwrap().unwrap();
    assert_eq!(seen(committed.writes()), written);
    let mut events = run.events();
    let mut steps = Vec::new();
    while let Some(event) = events.next().await {
        steps.extend(event.unwrap().writes().map(seen));
    }
    assert_eq!(steps, std::slice::from_ref(&written));
    assert_eq!(*observer.0.lock().unwrap(), [written.clone(), written]);
    drop(events);

    let mut app = Talking::app().build().await.unwrap();
    app.run(inputs("7")).await.unwrap();
    let end = app.run(inputs("")).await.unwrap();
    assert_eq!(seen(end.writes().unwrap()), (Vec::new(), None, Some(true)));
    assert!(end.state().ticket.is_set(), "written by an earlier step");
}

#[test]
fn topology_has_all_fields_that_a_node_may_write() {
    let written: Vec<_> = Talking::TOPOLOGY.writes(0).collect();
    assert_eq!(written, ["history", "ticket", "closed", "turns"]);
    assert_eq!(Talking::TOPOLOGY.optional_writes(0).collect::<Vec<_>>(), ["ticket", "closed"]);
}

/// On a thread.
#[action(blocking, state = Chat, reads(history), writes(closed?), appends(history))]
fn count(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { history: vec![chat.history.len().to_string()], closed: None })
}

#[tokio::test]
async fn blocking_action_appends_to_a_list_that_it_reads() {
    let chat = Chat { history: list(&["old"]), ..Chat::default() };
    let (_, writes) = count::test(&chat).await;
    assert_eq!(writes.unwrap().history, ["1"]);
}
