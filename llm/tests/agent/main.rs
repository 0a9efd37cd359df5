//! `Agent` on its own and as a child of another graph, offline.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod alone;
mod children;
mod crashes;
mod hygiene;
mod options;
mod stops;

use burdock::{
    App, Position,
    log::{EntryKind, Log, MemoryLog, Offset, SessionId},
};
use burdock_llm::{
    Agent, AgentInputs, AgentResources, Message, Model, Reason, Script, Scripted, ToolCall, Tools,
    Toolset, Usage, paired, tool, tools, toolset,
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

/// Counts the effects of tools by their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct World(Arc<Mutex<BTreeMap<String, usize>>>);

impl World {
    fn effect(&self, name: String) {
        *self.0.lock().unwrap().entry(name).or_default() += 1;
    }

    fn count(&self, name: &str) -> usize {
        self.0.lock().unwrap().get(name).copied().unwrap_or_default()
    }
}

/// Searches the archive.
#[tool(yields(String))]
async fn search(#[resource] world: &World, topic: String) -> burdock::Result<String> {
    yield_!(format!("searching for {topic}"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.effect(format!("search {topic}"));
    Ok(format!("{topic} are known"))
}

/// Orders a book.
#[tool]
async fn order(#[resource] world: &World, topic: String) -> burdock::Result<String> {
    world.effect(format!("order {topic}"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    if topic == "winds" {
        return Err(burdock::ActionError::msg("no books about winds"));
    }
    Ok(format!("ordered {topic}"))
}

/// Is not used.
#[tool]
async fn delete_all() -> burdock::Result<()> {
    Ok(())
}

fn library(world: &World) -> Tools<'_> {
    tools![search { world }, order { world }, delete_all]
}

pub(crate) fn shelf(world: &World) -> Arc<dyn Toolset> {
    toolset(world.clone(), library)
}

fn call(id: &str, name: &str, topic: &str) -> ToolCall {
    ToolCall::new(id, name, json!({ "topic": topic }))
}

fn end(script: Script) -> Script {
    let usage = Usage { input_tokens: Some(10), output_tokens: Some(5), first_delta: None };
    script.end(Reason::Complete, usage)
}

/// A model that searches and orders at the same time, then orders again, and answers.
///
/// The ids of the calls are the same in each answer.
pub(crate) fn llm() -> Scripted {
    Scripted::by(|request| {
        let is_prompt = |message: &&Message| message.role == burdock_llm::Role::User;
        let prompt = request.messages.iter().rfind(is_prompt).map_or("", |prompt| &prompt.text);
        let topic = prompt.trim_start_matches("Tell me about ").trim_end_matches('.').to_owned();
        let last = request.messages.last().map_or("", |message| &message.text);
        end(match last {
            last if last == prompt => Script::new()
                .say("Let me ")
                .wait(Duration::from_millis(10))
                .say("look.")
                .write_call(0, call("1", "search", &topic), [r#"{"topic": "#, "…"])
                .call(call("2", "order", "winds")),
            last if last.contains("no books") => Script::new().call(call("1", "order", &topic)),
            last if last.contains("ordered") => Script::new()
                .wait(Duration::from_secs(1))
                .say(format!("All about {topic}, "))
                .wait(Duration::from_secs(1))
                .say("and a book."),
            other => panic!("{other}"),
        })
    })
}

pub(crate) fn resources(llm: &Scripted, world: &World) -> AgentResources {
    let llm: Arc<dyn Model> = Arc::new(llm.clone());
    AgentResources { llm, tools: shelf(world) }
}

fn inputs() -> AgentInputs {
    AgentInputs::new("Tell me about tides.")
}

async fn open(llm: &Scripted, world: &World, log: Option<&Arc<dyn Log>>) -> App<Agent> {
    let app = Agent::app().resources(resources(llm, world)).id("ada");
    match log {
        Some(log) => app.log(Arc::clone(log)).build().await.unwrap(),
        None => app.build().await.unwrap(),
    }
}

/// Resumes or starts the run, if it is not over.
async fn continue_to_rest(app: &mut App<Agent>) {
    match app.position() {
        Position::Unfinished(_) => {
            let _end = app.resume().await.unwrap();
        }
        Position::Rest(_) if app.state().history.is_empty() => {
            let _end = app.run(inputs()).await.unwrap();
        }
        Position::Rest(_) | Position::Ended => {}
    }
}

pub(crate) fn memory() -> Arc<dyn Log> {
    Arc::new(MemoryLog::new())
}

pub(crate) fn ada() -> SessionId {
    SessionId::new("ada").unwrap()
}

pub(crate) async fn entries(log: &Arc<dyn Log>, session: &SessionId) -> Vec<EntryKind> {
    let records = log.read(session, Offset(0), 10_000).await.unwrap();
    records.iter().map(|record| record.entry(session).unwrap().kind).collect()
}

/// Returns the effects whose calls have recorded results.
pub(crate) async fn recorded(log: &Arc<dyn Log>, session: &SessionId) -> Vec<String> {
    let (kinds, mut calls, mut names) = (entries(log, session).await, Vec::new(), Vec::new());
    for kind in kinds {
        match kind {
            EntryKind::Item { item, .. } if item.get("call").is_some() => {
                let call: ToolCall = serde_json::from_value(item["call"].clone()).unwrap();
                calls.push(call);
            }
            EntryKind::CallRecorded { key, .. } => {
                let Some(key) = key.strip_prefix("tool/") else { continue };
                let made = calls
                    .iter()
                    .rfind(|call| key.starts_with(&format!("{}/{}/", call.name, call.id)));
                let made = made.unwrap();
                names.push(format!("{} {}", made.name, made.arguments["topic"].as_str().unwrap()));
            }
            _ => {}
        }
    }
    names
}

fn texts<'m>(messages: impl IntoIterator<Item = &'m Message>) -> Vec<&'m str> {
    messages.into_iter().map(|message| &*message.text).collect()
}

/// Checks that each call has exactly one result, which follows it.
fn assert_legal<'m>(messages: impl IntoIterator<Item = &'m Message>) {
    let messages: Vec<_> = messages.into_iter().cloned().collect();
    assert_eq!(paired(messages.clone()), messages);
}
