//! `#[tool]`, `tools!` and runs of calls.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod agent;
mod calls;
mod declarations;
mod faults;
mod history;
mod memory;
mod reader;
mod telemetry;

use burdock_llm::{Message, ToolCall, ToolEvent, Tools, tool::ToolStatus};
use serde_json::Value;

fn call(id: &str, name: &str, arguments: Value) -> ToolCall {
    ToolCall::new(id, name, arguments)
}

/// Runs calls, and returns the status and the text of each result.
async fn run(
    tools: &Tools<'_>,
    calls: impl IntoIterator<Item = ToolCall>,
) -> Vec<(ToolStatus, String)> {
    let mut run = tools.run(calls);
    while let Some(event) = run.next().await {
        event.unwrap();
    }
    run.results().map(|(_, result)| (result.status, result.text)).collect()
}

/// Returns the ids of calls that started, in this order.
fn started(events: &[ToolEvent]) -> Vec<&str> {
    let ids = events.iter().filter_map(|event| match event {
        ToolEvent::Started(call) => Some(call.id.as_str()),
        _ => None,
    });
    ids.collect()
}

/// Checks that each call of the messages has exactly one result, right after it, and that there are no others.
fn assert_legal(messages: &[Message]) {
    let mut rest = messages;
    while let Some((message, after)) = rest.split_first() {
        rest = after;
        assert_eq!(message.tool_call_id, None, "a result without its call: {messages:#?}");
        let mut ids: Vec<&str> = Vec::new();
        for call in &message.tool_calls {
            assert!(!ids.contains(&&*call.id), "an id twice: {messages:#?}");
            ids.push(&call.id);
        }
        for id in ids {
            let (result, after) = rest.split_first().unwrap();
            assert_eq!(result.tool_call_id.as_deref(), Some(id), "{messages:#?}");
            rest = after;
        }
    }
}
