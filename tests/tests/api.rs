//! The public API as a user who reads only the signatures would call it.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "tests")]

use burdock::{
    ActionError, Event, Observer, bail, ensure,
    event::Observed,
    log::{Log, MemoryLog, SessionId},
    prelude::*,
};
use serde::{Deserialize, Serialize};
use std::{
    error::Error,
    sync::{Arc, Mutex},
};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub history: Vector<String>,
    pub reply: Slot<String>,
    pub votes: OrdMap<String, u32>,
}

#[derive(Debug, thiserror::Error)]
#[error("line {0} is damaged")]
struct Damaged(u32, #[source] std::num::ParseIntError);

fn number(text: &str) -> Result<u32> {
    Ok(text.parse::<u32>()?)
}

fn boxed(text: &str) -> Result<u32, Box<dyn Error + Send + Sync>> {
    Ok(text.parse().map_err(|error| Damaged(7, error))?)
}

fn with_anyhow(text: &str) -> anyhow::Result<u32> {
    use anyhow::Context;
    text.parse().map_err(|error| Damaged(7, error)).context("cannot read the count")
}

#[test]
fn action_error_converts_into_a_boxed_error_with_the_question_mark() {
    fn read() -> Result<u32, Box<dyn Error + Send + Sync>> {
        Ok(number("many")?)
    }
    fn read_on_one_thread() -> Result<u32, Box<dyn Error>> {
        Ok(number("many")?)
    }
    assert_eq!(read().unwrap_err().to_string(), "invalid digit found in string");
    assert!(read_on_one_thread().unwrap_err().downcast_ref::<ActionError>().is_some());
}

#[test]
fn action_error_converts_into_anyhow_with_the_question_mark() {
    fn read() -> anyhow::Result<u32> {
        let number = number("many").map_err(|error| error.context("no count"))?;
        Ok(number)
    }
    let error = read().unwrap_err();
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    assert_eq!(chain, ["no count", "invalid digit found in string"]);
}

#[test]
fn action_error_takes_a_boxed_error_with_its_sources() {
    fn read() -> Result<u32> {
        Ok(boxed("many")?)
    }
    let error = read().unwrap_err();
    assert_eq!(error.to_string(), "line 7 is damaged");
    assert_eq!(error.source().unwrap().to_string(), "invalid digit found in string");
    assert_eq!(error.downcast_ref::<Damaged>().unwrap().0, 7);
}

#[test]
fn action_error_takes_an_anyhow_error_with_its_sources() {
    fn read() -> Result<u32> {
        Ok(with_anyhow("many")?)
    }
    let error = read().unwrap_err();
    assert_eq!(error.to_string(), "cannot read the count");
    assert_eq!(error.source().unwrap().to_string(), "line 7 is damaged");
    assert_eq!(error.downcast_ref::<Damaged>().unwrap().0, 7);
}

#[test]
fn terminal_error_stays_terminal_in_a_boxed_error_and_in_anyhow() {
    fn read() -> Result<u32> {
        number("many").map_err(ActionError::terminal)
    }
    fn in_a_box() -> Result<u32, Box<dyn Error + Send + Sync>> {
        Ok(read()?)
    }
    fn in_anyhow() -> anyhow::Result<u32> {
        Ok(read()?)
    }
    assert!(!ActionError::from(in_a_box().unwrap_err()).is_retryable());
    assert!(!ActionError::from(in_anyhow().unwrap_err()).is_retryable());
}

#[test]
fn action_error_new_takes_an_error_of_a_generic_type() {
    fn wrap<E: Error + Send + Sync + 'static>(error: E) -> ActionError {
        ActionError::new(error)
    }
    assert_eq!(wrap(std::fmt::Error).to_string(), std::fmt::Error.to_string());
}

#[action(state = Chat, reads(history), writes(history, reply))]
async fn answer(chat: Reads<'_>, #[input] prompt: &String) -> Result<Writes> {
    ensure!(!prompt.is_empty(), "the prompt is empty");
    ensure!(chat.history.len() < 3);
    if prompt == "bye" {
        bail!("{prompt} is not a question, and message {} is the last", chat.history.len());
    }
    let reply = format!("{prompt} to you");
    Ok(Writes { history: chat.history.with_all([prompt.clone(), reply.clone()]), reply })
}

/// With the macros of anyhow.
#[action(state = Chat, writes(reply))]
async fn refuse(#[input] prompt: &String) -> anyhow::Result<Writes> {
    anyhow::ensure!(prompt != "stay", "{prompt} is not an answer");
    anyhow::bail!("no")
}

#[action(state = Chat, reads(votes), writes(votes))]
async fn vote(chat: Reads<'_>, #[input] prompt: &String) -> Result<Writes> {
    let before = chat.votes.get(prompt).copied().unwrap_or_default();
    Ok(Writes { votes: chat.votes.with(prompt.clone(), before + 1) })
}

graph! {
    Voting(Chat) {
        inputs { prompt: String }
        nodes { vote }
        start vote;
        vote -> pause;
    }
}

graph! {
    Chatting(Chat) {
        inputs { prompt: String }
        nodes { answer }
        start answer;
        answer -> pause;
    }
}

graph! {
    Refusing(Chat) {
        inputs { prompt: String }
        nodes { refuse }
        start refuse;
        refuse -> pause;
    }
}

/// The message of the action's error, at the end of the chain.
fn innermost(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

#[tokio::test]
async fn bail_and_ensure_fail_the_action() {
    for (len, prompt, message) in [
        (0, "", "the prompt is empty"),
        (3, "hello", "condition failed: `chat.history.len() < 3`"),
        (1, "bye", "bye is not a question, and message 1 is the last"),
    ] {
        let state = Chat { history: vec!["hi".to_owned(); len].into(), ..Chat::default() };
        let mut app = Chatting::app().state(state).build().await.unwrap();
        let error = app.run(ChattingInputs { prompt: prompt.into() }).await.unwrap_err();
        assert_eq!(innermost(&error), message);
    }
}

#[tokio::test]
async fn action_that_returns_an_anyhow_error_uses_the_macros_of_anyhow() {
    let mut app = Refusing::app().build().await.unwrap();
    for (prompt, message) in [("stay", "stay is not an answer"), ("go", "no")] {
        let error = match app.position() {
            burdock::Position::Rest(_) => app.run(RefusingInputs { prompt: prompt.into() }),
            _ => app.restart(RefusingInputs { prompt: prompt.into() }),
        };
        assert_eq!(innermost(&error.await.unwrap_err()), message);
    }
}

#[tokio::test]
async fn with_all_appends_to_a_vector() -> Result<(), Box<dyn Error>> {
    let mut app = Chatting::app().build().await?;
    app.run(ChattingInputs { prompt: "hello".into() }).await?;
    let history = &app.state().history;
    assert_eq!(history, &Vector::from(["hello".to_owned(), "hello to you".to_owned()]));
    assert_eq!(history.with("bye".to_owned()).len(), 3);
    Ok(())
}

#[test]
fn session_id_converts_from_and_to_text() -> Result<(), Box<dyn Error>> {
    fn len(id: impl AsRef<str>) -> usize {
        id.as_ref().len()
    }
    let id = SessionId::try_from("chat-7")?;
    let same: SessionId = String::from("chat-7").try_into()?;
    assert_eq!(id, same);
    assert_eq!(len(&id), 6);
    assert_eq!(String::from(id), "chat-7");
    assert!(SessionId::try_from("").is_err());
    Ok(())
}

#[tokio::test]
async fn app_returns_the_id_of_its_session_in_the_log() -> Result<(), Box<dyn Error>> {
    let app =
        Chatting::app().id(SessionId::try_from("chat-7")?).log(MemoryLog::new()).build().await?;
    assert_eq!(app.session_id().map(SessionId::as_str), Some("chat-7"));
    assert_eq!(Chatting::app().id("chat-8").build().await?.session_id(), None);
    Ok(())
}

#[test]
fn vector_has_the_methods_of_a_vec() {
    let mut list = Vector::from([3, 1, 2]);
    assert!(list.contains(&1) && !list.contains(&7));
    list.insert(1, 7);
    assert_eq!(list.remove(0), Some(3));
    assert_eq!(list.remove(9), None);
    list.retain(|number| *number != 1);
    let numbers: Vec<i32> = list.into();
    assert_eq!(numbers, [7, 2]);
}

#[test]
fn vectors_are_ordered() {
    let mut lists = [Vector::from([2]), Vector::from([1, 9]), Vector::new()];
    lists.sort();
    assert_eq!(lists, [Vector::new(), Vector::from([1, 9]), Vector::from([2])]);
    assert!(Vector::from([1.5]) < Vector::from([2.5]));
}

#[test]
fn map_has_the_methods_of_a_btree_map() {
    let mut stock = OrdMap::from([("tea".to_owned(), 2), ("soup".to_owned(), 5)]);
    assert_eq!(stock.insert("coffee".into(), 1), None);
    assert_eq!(stock.remove("soup"), Some(5));
    if let Some(count) = stock.get_mut("tea") {
        *count += 1;
    }
    assert_eq!(stock["tea"], 3);
    for (name, count) in &stock {
        assert!(stock.contains_key(name) && *count > 0);
    }
    assert_eq!(stock.keys().collect::<Vec<_>>(), ["coffee", "tea"]);
    assert_eq!(stock.values().sum::<i32>(), 4);
    assert_eq!(stock.range("d".to_owned()..).next(), Some((&"tea".to_owned(), &3)));
    assert_eq!(serde_json::to_string(&stock).unwrap(), r#"{"coffee":1,"tea":3}"#);
}

#[tokio::test]
async fn map_in_a_state_is_logged_by_its_changed_keys() -> Result<(), Box<dyn Error>> {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let mut app = Voting::app().id("vote").log(Arc::clone(&log)).build().await?;
    for name in ["ada", "bob", "eve", "bob"] {
        app.run(VotingInputs { prompt: name.into() }).await?;
    }
    let mut history = app.history()?;
    let mut last = None;
    while let Some(step) = history.next().await? {
        last = Some(step);
    }
    let votes = &last.ok_or("no step")?.patches[0];
    assert_eq!(
        serde_json::to_string(votes)?,
        r#"["votes",{"entries":{"set":{"bob":2},"remove":[]}}]"#
    );
    app.close().await?;
    let app = Voting::app().id("vote").log(log).build().await?;
    let expected = [("ada", 1), ("bob", 2), ("eve", 1)].map(|(name, n)| (name.to_owned(), n));
    assert_eq!(app.state().votes, OrdMap::from(expected));
    Ok(())
}

#[test]
fn slot_has_the_methods_of_an_option() {
    let mut chat = Chat { reply: "hello".to_owned().into(), ..Chat::default() };
    assert_eq!(chat.reply.as_deref(), Some("hello"));
    assert!(chat.reply == "hello".to_owned());
    assert_eq!(chat.reply.clone().unwrap_or("nothing".to_owned()), "hello");
    assert_eq!(chat.reply.take(), Some("hello".to_owned()));
    assert!(!chat.reply.is_set());
    assert_ne!(chat.reply, "hello".to_owned());
}

/// Records what it can observe at each event.
#[derive(Clone, Default)]
struct Audit(Arc<Mutex<Vec<String>>>);

impl Observer<Chatting> for Audit {
    fn on_event_in(&mut self, event: &Event<Chatting>, session: &Observed<'_, Chatting>) {
        let wrote = session.writes().map(|ChattingWrites::answer(writes)| writes.reply);
        self.0.lock().unwrap().push(format!(
            "{} of {}: {} lines, {:?}, wrote {wrote:?}",
            event.kind.name(),
            event.session(),
            session.state().history.len(),
            session.inputs().map(|inputs| &inputs.prompt),
        ));
    }
}

#[tokio::test]
async fn observer_sees_the_session_the_state_the_inputs_and_the_writes_of_a_commit()
-> Result<(), Box<dyn Error>> {
    let audit = Audit::default();
    let mut app = Chatting::app().id("anna").observer(audit.clone()).build().await?;
    app.run(ChattingInputs { prompt: "hello".into() }).await?;
    app.run(ChattingInputs { prompt: String::new() }).await.unwrap_err();
    assert_eq!(
        *audit.0.lock().unwrap(),
        [
            r#"run_started of anna: 0 lines, Some("hello"), wrote None"#,
            r#"step_started of anna: 0 lines, Some("hello"), wrote None"#,
            r#"step_committed of anna: 2 lines, Some("hello"), wrote Some("hello to you")"#,
            r#"run_finished of anna: 2 lines, Some("hello"), wrote None"#,
            r#"run_started of anna: 2 lines, Some(""), wrote None"#,
            r#"step_started of anna: 2 lines, Some(""), wrote None"#,
            r#"step_failed of anna: 2 lines, Some(""), wrote None"#,
            r#"run_failed of anna: 2 lines, Some(""), wrote None"#,
        ]
    );
    Ok(())
}

#[tokio::test]
async fn committed_step_has_the_state_and_its_writes() -> Result<(), Box<dyn Error>> {
    let mut app = Chatting::app().build().await?;
    let mut run = app.run(ChattingInputs { prompt: "hello".into() });
    let committed = run.step().await?.ok_or("no step")?;
    assert_eq!(committed.state.history.len(), 2);
    let ChattingWrites::answer(writes) = committed.writes();
    assert_eq!(writes.reply, "hello to you");
    Ok(())
}

#[tokio::test]
async fn commit_event_has_its_writes() -> Result<(), Box<dyn Error>> {
    let mut app = Chatting::app().build().await?;
    let mut events = app.run(ChattingInputs { prompt: "hello".into() }).events();
    let mut wrote = Vec::new();
    while let Some(event) = events.next().await.transpose()? {
        if let Some(ChattingWrites::answer(writes)) = event.writes() {
            let lines = event.state().map(|state| state.history.len());
            wrote.push((event.kind.name(), lines, writes.reply));
        }
    }
    assert_eq!(wrote, [("step_committed", Some(2), "hello to you".to_owned())]);
    Ok(())
}
