//! Histories that a provider accepts, and the part of one that a request contains.

use crate::{Message, Role, ToolCall};
use std::collections::{BTreeMap, VecDeque};

/// The result of a call that has none.
const INTERRUPTED: &str = "error: the call was interrupted";

/// Returns the messages as providers accept them: each call of the model has exactly one result, which follows the
/// message with the call.
///
/// A history may violate that: a run was stopped between the call and its result, or a program crashed, or older messages
/// were dropped. A call without a result gets one that says so. A result without a call, and a second call or
/// result under one id, are dropped. Messages that are in order stay as they are.
///
/// [`Provider`](crate::Provider) and [`Window`](crate::Window) do this already. It is for your own implementation of
/// [`Model`](crate::Model).
///
/// ```
/// use burdock_llm::{Message, ToolCall, paired};
///
/// let call = ToolCall::new("1", "find", serde_json::json!({}));
/// let calling = Message::assistant("").with_tool_calls([call.clone()]);
/// let history = [Message::user("Find it."), calling.clone(), Message::user("Never mind.")];
///
/// let messages = paired(history);
/// assert_eq!(messages[1], calling);
/// assert_eq!(messages[2], Message::tool(&call, "error: the call was interrupted"));
/// assert_eq!(messages[3], Message::user("Never mind."));
/// ```
pub fn paired(messages: impl IntoIterator<Item = Message>) -> Vec<Message> {
    let mut waiting: VecDeque<Message> = messages.into_iter().collect();
    let mut paired = Vec::with_capacity(waiting.len());
    while let Some(mut message) = waiting.pop_front() {
        if message.role == Role::Tool {
            continue;
        }
        let calls = without_repeated(std::mem::take(&mut message.tool_calls));
        message.tool_calls.clone_from(&calls);
        paired.push(message);
        if !calls.is_empty() {
            let mut results = take_results(&mut waiting);
            let result = |call: &ToolCall| {
                results.remove(&call.id).unwrap_or_else(|| Message::tool(call, INTERRUPTED))
            };
            paired.extend(calls.iter().map(result));
        }
    }
    paired
}

/// Returns the calls without those whose id an earlier one has.
fn without_repeated(calls: Vec<ToolCall>) -> Vec<ToolCall> {
    let mut kept: Vec<ToolCall> = Vec::with_capacity(calls.len());
    for call in calls {
        if !kept.iter().any(|known| known.id == call.id) {
            kept.push(call);
        }
    }
    kept
}

/// Removes the results before the next message with calls. The first one of an id counts.
fn take_results(waiting: &mut VecDeque<Message>) -> BTreeMap<String, Message> {
    let end =
        waiting.iter().position(|message| !message.tool_calls.is_empty()).unwrap_or(waiting.len());
    let mut results = BTreeMap::new();
    let mut rest: VecDeque<Message> = waiting.split_off(end);
    for message in std::mem::take(waiting) {
        match (message.role, &message.tool_call_id) {
            (Role::Tool, Some(id)) => {
                results.entry(id.clone()).or_insert(message);
            }
            (Role::Tool, None) => {}
            _ => waiting.push_back(message),
        }
    }
    waiting.append(&mut rest);
    results
}
