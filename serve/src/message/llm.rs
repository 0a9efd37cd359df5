//! Conversions from the types of `burdock-llm`.

use super::{
    ChatCall, ChatCallResult, ChatCallStatus, ChatCallUpdate, ChatMessage, ChatUpdate,
    ChatValueUpdate,
};
use burdock_llm::{
    Change, Chunk, Message, Role, ToolCall, ToolCallDelta, ToolEvent,
    tool::{ToolCallChange, ToolResult, ToolStatus},
};
use serde_json::Value;

impl ChatMessage {
    /// Converts a history, with the results of calls in the messages with the calls. It omits messages of the program.
    ///
    /// ```
    /// use burdock_llm::{Message, ToolCall};
    /// use burdock_serve::{ChatMessage, ChatRole};
    ///
    /// let call = ToolCall::new("1", "find_orders", serde_json::json!({ "limit": 1 }));
    /// let history = [
    ///     Message::system("Be brief."),
    ///     Message::user("Which orders do I have?"),
    ///     Message::assistant("Let me look.").with_tool_calls([call.clone()]),
    ///     Message::tool(&call, "[17]"),
    ///     Message::assistant("You have one order, 17."),
    /// ];
    ///
    /// let messages = ChatMessage::of_history(&history);
    /// let texts: Vec<&str> = messages.iter().map(|message| message.text.as_str()).collect();
    /// assert_eq!(texts, ["Which orders do I have?", "Let me look.", "You have one order, 17."]);
    /// assert!(messages[1].calls[0].result.as_ref().is_some_and(|result| result.text == "[17]"));
    /// ```
    pub fn of_history<'a>(history: impl IntoIterator<Item = &'a Message>) -> Vec<Self> {
        let mut messages: Vec<Self> = Vec::new();
        for message in history {
            match message.role {
                Role::User => messages.push(Self::user(&*message.text)),
                Role::Assistant if message.is_empty() => {}
                Role::Assistant => {
                    let calls = message.tool_calls.iter().map(ChatCall::from);
                    messages.push(Self::assistant(&*message.text).with_calls(calls));
                }
                Role::Tool => set_result(&mut messages, message),
                Role::System => {}
            }
        }
        messages
    }
}

/// Sets the result of the newest call with its id. Ids may occur again in later turns.
fn set_result(messages: &mut [ChatMessage], message: &Message) {
    let mut calls = messages.iter_mut().rev().flat_map(|message| &mut message.calls);
    if let Some(call) = calls.find(|call| Some(&call.id) == message.tool_call_id.as_ref())
        && call.result.is_none()
    {
        let status = message.tool_status.map_or(ChatCallStatus::Succeeded, ChatCallStatus::from);
        call.result = Some(ChatCallResult::new(status, &*message.text));
    }
}

impl ChatUpdate {
    /// Returns the change by a chunk of an answer; `None` at its end.
    pub fn of_chunk(chunk: &Chunk) -> Option<Self> {
        Some(match chunk {
            Chunk::Delta(text) => Self::text(text),
            Chunk::ToolCallDelta(ToolCallDelta { index, name, arguments }) => {
                let (name, arguments) = (name.clone(), arguments.clone());
                Self::Call(ChatCallUpdate::Delta { index: *index, name, arguments })
            }
            Chunk::ToolCall(call) => Self::of_written(call),
            Chunk::End(_) => return None,
        })
    }

    /// Returns the change by a complete call.
    pub fn of_written(call: &ToolCall) -> Self {
        Self::Call(ChatCallUpdate::Written(call.into()))
    }

    /// Returns the change by an event of a run of calls; `None` for events that this version does not know.
    pub fn of_tool(event: &ToolEvent) -> Option<Self> {
        Some(Self::Call(match event {
            ToolEvent::Started(call) => ChatCallUpdate::Started(call.into()),
            ToolEvent::Progress { id, item } => {
                ChatCallUpdate::Progress { id: id.clone(), progress: item.clone() }
            }
            ToolEvent::Finished { id, result } => {
                ChatCallUpdate::Finished { id: id.clone(), result: result.into() }
            }
            _ => return None,
        }))
    }

    /// Returns the change by a change of a call that the model writes.
    pub fn of_call(call: &ToolCallChange) -> Self {
        let ToolCallChange { index, name, change, .. } = call;
        // a change is plain data
        let change = serde_json::to_value(change).unwrap_or(Value::Null);
        Self::Call(ChatCallUpdate::Changed { index: *index, name: name.clone(), change })
    }

    /// Returns the change of a value by an item of a function from a prompt.
    pub fn of_change<T: ?Sized>(name: impl Into<String>, change: &Change<T>) -> Self {
        // a change is plain data
        let change = serde_json::to_value(change).unwrap_or(Value::Null);
        Self::Value(ChatValueUpdate::new(name, change))
    }
}

impl From<&ToolCall> for ChatCall {
    fn from(call: &ToolCall) -> Self {
        Self::new(&*call.id, &*call.name, call.arguments.clone())
    }
}

impl From<&ToolResult> for ChatCallResult {
    fn from(result: &ToolResult) -> Self {
        Self::new(result.status.into(), &*result.text)
    }
}

impl From<ToolStatus> for ChatCallStatus {
    fn from(status: ToolStatus) -> Self {
        match status {
            ToolStatus::Succeeded => Self::Succeeded,
            ToolStatus::Interrupted | ToolStatus::NotStarted => Self::Interrupted,
            _ => Self::Failed,
        }
    }
}
