//! Conversions from the types of `burdock-llm`.

use super::{
    ChatCall, ChatCallResult, ChatCallStatus, ChatCallUpdate, ChatChange, ChatEdit, ChatMessage,
    ChatSegment, ChatUpdate, ChatValueUpdate,
};
use burdock_llm::{
    AgentEvent, Change, Chunk, Edit, Message, Role, Segment, ToolCall, ToolCallDelta, ToolEvent,
    tool::{ToolCallChange, ToolResult, ToolStatus},
};

/// The largest size of the text of a result, in bytes. The model reads all of it, but a page does not show more.
const RESULT: usize = 16 * 1024;

impl ChatMessage {
    /// Converts a history, with the results of calls in the messages with the calls. It omits messages of the program, and cuts
    /// results after 16 KiB.
    ///
    /// Clients can then read the arguments and the results of all calls. Remove those that they must not read.
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
        let status = match message.tool_status {
            Some(status) => status.into(),
            None if message.text.starts_with("error: ") => ChatCallStatus::Failed,
            None => ChatCallStatus::Succeeded,
        };
        call.result = Some(ChatCallResult::new(status, shortened(&message.text)));
    }
}

/// Returns the text of a result, cut after [`RESULT`] bytes.
fn shortened(text: &str) -> String {
    if text.len() <= RESULT {
        return text.to_owned();
    }
    let kept = &text[..text.floor_char_boundary(RESULT)];
    format!("{kept} … (the first {} of {} bytes)", kept.len(), text.len())
}

impl ChatUpdate {
    /// Converts a chunk of an answer; `None` at its end.
    pub fn of_chunk(chunk: &Chunk) -> Option<Self> {
        Some(match chunk {
            Chunk::Delta(text) => Self::text(text),
            Chunk::ToolCallDelta(ToolCallDelta { index, name, arguments }) => {
                Self::Call(ChatCallUpdate::delta(*index, name, arguments))
            }
            Chunk::ToolCall(call) => Self::of_written(call),
            Chunk::End(_) => return None,
        })
    }

    /// Converts a complete call.
    pub fn of_written(call: &ToolCall) -> Self {
        Self::Call(ChatCallUpdate::Written(call.into()))
    }

    /// Converts an event of a run of calls; `None` for events that this version does not know.
    pub fn of_tool(event: &ToolEvent) -> Option<Self> {
        Some(Self::Call(match event {
            ToolEvent::Started(call) => ChatCallUpdate::Started(call.into()),
            ToolEvent::Progress { id, item } => ChatCallUpdate::progress(id, item.clone()),
            ToolEvent::Finished { id, result } => ChatCallUpdate::finished(id, result.into()),
            _ => return None,
        }))
    }

    /// Converts a change of a call that the model writes.
    pub fn of_call(call: &ToolCallChange) -> Self {
        let ToolCallChange { index, name, change, .. } = call;
        Self::Call(ChatCallUpdate::changed(*index, name, change.into()))
    }

    /// Converts an item of an [`Agent`](burdock_llm::Agent); `None` for items that this version does not know.
    ///
    /// ```
    /// use burdock_llm::AgentEvent;
    /// use burdock_serve::ChatUpdate;
    ///
    /// let event = AgentEvent::Text("Hello".into());
    /// assert_eq!(ChatUpdate::of_agent(&event), Some(ChatUpdate::text("Hello")));
    /// ```
    pub fn of_agent(event: &AgentEvent) -> Option<Self> {
        Some(match event {
            AgentEvent::Text(text) => Self::text(text),
            AgentEvent::Writing(call) => Self::of_call(call),
            AgentEvent::Call(call) => Self::of_written(call),
            AgentEvent::Tool(event) => return Self::of_tool(event),
            _ => return None,
        })
    }

    /// Converts an item of a function from a prompt to a change of the value with this name.
    pub fn of_change<T: ?Sized>(name: impl Into<String>, change: &Change<T>) -> Self {
        Self::Value(ChatValueUpdate::new(name, change.into()))
    }
}

impl From<&ToolCall> for ChatCall {
    fn from(call: &ToolCall) -> Self {
        Self::new(&*call.id, &*call.name, call.arguments.clone())
    }
}

impl From<&ToolResult> for ChatCallResult {
    fn from(result: &ToolResult) -> Self {
        Self::new(result.status.into(), shortened(&result.text))
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

impl<T: ?Sized> From<&Change<T>> for ChatChange {
    fn from(change: &Change<T>) -> Self {
        let path = change.path().segments().iter().map(|segment| match segment {
            Segment::Key(key) => ChatSegment::Field(key.to_string()),
            Segment::Index(index) => ChatSegment::Index(*index),
        });
        let edit = match change.edit() {
            Edit::Set(value) => ChatEdit::Set(value.clone()),
            Edit::Append(text) => ChatEdit::Append(text.clone()),
            Edit::Push(value) => ChatEdit::Push(value.clone()),
            Edit::Complete => ChatEdit::Complete(true),
        };
        Self { path: path.collect(), edit }
    }
}
