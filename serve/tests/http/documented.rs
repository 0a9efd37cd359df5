//! The JSON in docs/serve.md is that of a server.

use crate::client::parse_events;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use burdock::{log::MemoryLog, prelude::*};
use burdock_serve::{ChatGraph, ChatMessage, ChatRole, ChatUpdate, Server, SessionEvent};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tower::ServiceExt as _;

const PAGE: &str = include_str!("../../../docs/serve.md");

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Talk {
    #[state(public)]
    messages: Vector<String>,
    #[state(public)]
    turns: u32,
}

#[streaming_action(state = Talk, reads(messages, turns), writes(messages, turns), yields(String))]
async fn reply(talk: Reads<'_>, #[input] prompt: String) -> Result<Writes> {
    let reply = format!("{prompt} to you");
    for word in reply.split_inclusive(' ') {
        yield_!(word.to_owned());
    }
    let mut messages = talk.messages.clone();
    messages.push_back(prompt);
    messages.push_back(reply);
    Ok(Writes { messages, turns: talk.turns + 1 })
}

graph! {
    Chat(Talk) {
        inputs { #[public] prompt: String }
        yields String;
        nodes { reply }
        start reply;
        reply -> pause;
    }
}

impl ChatGraph for Chat {
    fn inputs(prompt: String) -> ChatInputs {
        ChatInputs { prompt }
    }

    fn prompt(inputs: &ChatInputs) -> Option<&str> {
        Some(&inputs.prompt)
    }

    fn history(talk: &Talk) -> Vec<ChatMessage> {
        let roles = [ChatRole::User, ChatRole::Assistant].into_iter().cycle();
        roles
            .zip(talk.messages.iter().cloned())
            .map(|(role, text)| ChatMessage::new(role, text))
            .collect()
    }

    fn update(word: &String) -> Option<ChatUpdate> {
        Some(ChatUpdate::text(word))
    }
}

/// Returns the blocks of JSON with the label above each of them.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let mut parts = PAGE.split("```json\n");
    let mut above = parts.next().unwrap();
    let mut blocks = Vec::new();
    for part in parts {
        let (json, rest) = part.split_once("```").unwrap();
        let label = above.trim_end().lines().last().unwrap();
        let label = label.strip_prefix("<!-- ").and_then(|label| label.strip_suffix(" -->"));
        blocks.push((label.unwrap_or_else(|| panic!("no label above {json}")), json));
        above = rest;
    }
    blocks
}

/// Replaces times by 0.
fn without_times(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_time = ["at", "created", "updated"].contains(&name.as_str());
                *value = match value.take() {
                    Value::Number(time) if is_time => {
                        assert!(time.as_u64() > Some(1_700_000_000_000), "{name}: {time}");
                        json!(0)
                    }
                    other => without_times(other),
                };
            }
        }
        Value::Array(values) => {
            for value in values {
                *value = without_times(value.take());
            }
        }
        _ => {}
    }
    value
}

fn lines(json: &str) -> Vec<Value> {
    json.lines().map(|line| without_times(serde_json::from_str(line).unwrap())).collect()
}

async fn ask(routes: &Router, method: &str, uri: &str, body: Value) -> Vec<u8> {
    let request = Request::builder().method(method).uri(uri);
    let request = request.header("content-type", "application/json").header("x-request-id", "5f2c");
    let request = request.body(Body::from(body.to_string())).unwrap();
    let response = routes.clone().oneshot(request).await.unwrap();
    to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
}

async fn events(routes: &Router, uri: &str) -> Vec<Value> {
    let text = String::from_utf8(ask(routes, "GET", uri, Value::Null).await).unwrap();
    parse_events(&text).into_iter().map(|event| without_times(event.data)).collect()
}

#[tokio::test]
async fn responses_and_events_match_the_page() {
    let routes = Server::builder(MemoryLog::new(), |_| Chat::app()).build().chat_router();
    let mut shown = 0;
    for (label, block) in blocks() {
        let Some((kind, request)) = label.split_once(": ") else { panic!("{label}") };
        let found = match (kind, request) {
            (_, "others") => continue,
            ("events", uri) => {
                assert_eq!(events(&routes, uri).await, lines(block), "{label}");
                // a second session, for the lists
                let good = json!({ "prompt": "good day" });
                ask(&routes, "POST", "/sessions/bert/runs", good).await;
                shown += 1;
                continue;
            }
            (_, request) => {
                let (method, uri) = request.split_once(' ').unwrap();
                ask(&routes, method, uri, json!({ "prompt": "hello" })).await
            }
        };
        let found: Value = serde_json::from_slice(&found).unwrap();
        let expected: Value = serde_json::from_str(block).unwrap();
        assert_eq!(without_times(found), without_times(expected), "{label}");
        shown += 1;
    }
    assert_eq!(shown, 8);
}

#[test]
fn events_and_messages_of_the_page_deserialize_into_the_rust_types() {
    let is_events = |label: &str| label.starts_with("events: ") || label == "calls: others";
    for (_, block) in blocks().into_iter().filter(|(label, _)| is_events(label)) {
        for line in block.lines() {
            let event: SessionEvent = serde_json::from_str(line).unwrap();
            let shown: Value = serde_json::from_str(line).unwrap();
            assert_eq!(serde_json::to_value(event).unwrap(), shown);
        }
    }
    let (_, block) = blocks().into_iter().find(|(label, _)| *label == "message: others").unwrap();
    let message: ChatMessage = serde_json::from_str(block).unwrap();
    let shown: Value = serde_json::from_str(block).unwrap();
    assert_eq!(serde_json::to_value(message).unwrap(), shown);
}

#[tokio::test]
async fn page_shows_every_type_of_event_in_the_document() {
    let routes = Server::builder(MemoryLog::new(), |_| Chat::app()).build().router();
    let api = ask(&routes, "GET", "/openapi.json", Value::Null).await;
    let api: Value = serde_json::from_slice(&api).unwrap();
    let described = api["components"]["schemas"]["Event"]["oneOf"].as_array().unwrap();
    let described: BTreeSet<_> = described
        .iter()
        .map(|event| event["properties"]["type"]["const"].as_str().unwrap().to_owned())
        .collect();
    let shown = blocks().into_iter().filter(|(label, _)| label.starts_with("events: "));
    let shown: BTreeSet<_> = shown
        .flat_map(|(_, block)| lines(block))
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(shown, described);
}
