//! Histories that a provider accepts.

use crate::{Message, Role, ToolCall, tool::ToolStatus};

/// The result of a call that has none.
pub(crate) const INTERRUPTED: &str = "error: the call was interrupted, and may have had an effect";

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
/// assert_eq!(messages[2].text, "error: the call was interrupted, and may have had an effect");
/// assert_eq!(messages[3], Message::user("Never mind."));
/// ```
pub fn paired(messages: impl IntoIterator<Item = Message>) -> Vec<Message> {
    let mut messages: Vec<Option<Message>> = messages.into_iter().map(Some).collect();
    let mut paired = Vec::with_capacity(messages.len());
    for index in 0..messages.len() {
        let Some(mut message) = messages[index].take() else { continue };
        if message.role == Role::Tool {
            continue;
        }
        let calls = without_repeated(std::mem::take(&mut message.tool_calls));
        message.tool_calls.clone_from(&calls);
        paired.push(message);
        for call in &calls {
            let result = take_result(&mut messages[index + 1..], &call.id);
            paired.push(result.unwrap_or_else(|| interrupted(call)));
        }
    }
    paired
}

pub(crate) fn interrupted(call: &ToolCall) -> Message {
    Message { tool_status: Some(ToolStatus::Interrupted), ..Message::tool(call, INTERRUPTED) }
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

/// Removes the first result of a call, before the next call of the same id.
fn take_result(later: &mut [Option<Message>], id: &str) -> Option<Message> {
    for slot in later {
        let Some(message) = slot else { continue };
        if message.tool_call_id.as_deref() == Some(id) {
            return slot.take();
        }
        if message.tool_calls.iter().any(|call| call.id == id) {
            return None;
        }
    }
    None
}
