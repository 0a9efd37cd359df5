//! Conversion of requests to `genai`.

use super::schema::Dialect;
use crate::{Message, Options, Request, ResponseSchema, Role, ToolCall, paired};
use genai::chat::{
    self, ChatMessage, ChatOptions, ChatRequest, ContentPart, JsonSpec, MessageContent,
    ToolResponse,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn translate(request: Request, dialect: Option<Dialect>) -> (ChatRequest, ChatOptions) {
    let Request { messages, options, .. } = request;
    let Options { system, max_tokens, temperature, stop_sequences, tools, schema } = options;
    let messages = paired(messages);
    // Gemini identifies the function of a result by its name
    let calls = messages.iter().flat_map(|message| &message.tool_calls);
    let names: BTreeMap<String, String> =
        calls.map(|call| (call.id.clone(), call.name.clone())).collect();
    // providers reject an empty message, such as an answer that was stopped before its first word
    let messages = messages
        .into_iter()
        .filter(|message| message.role == Role::Tool || !message.is_empty())
        .map(|message| translate_message(message, &names));
    let mut request = ChatRequest::from_messages(messages.collect());
    request.system = system;
    if !tools.is_empty() {
        request = request.with_tools(tools.into_iter().map(|tool| {
            chat::Tool::new(tool.name).with_description(tool.description).with_schema(tool.schema)
        }));
    }
    let response_format = schema.and_then(|ResponseSchema { name, schema }| {
        Some(JsonSpec::new(name, dialect?.translate(&schema)?).into())
    });
    let options = ChatOptions {
        max_tokens,
        temperature,
        stop_sequences,
        response_format,
        ..ChatOptions::default().with_capture_usage(true).with_capture_tool_calls(true)
    };
    (request, options)
}

fn translate_message(message: Message, names: &BTreeMap<String, String>) -> ChatMessage {
    let Message { role, text, tool_calls, tool_call_id } = message;
    match role {
        Role::System => ChatMessage::system(text),
        Role::User => ChatMessage::user(text),
        Role::Assistant if tool_calls.is_empty() => ChatMessage::assistant(text),
        Role::Assistant => {
            let text = (!text.is_empty()).then_some(ContentPart::Text(text));
            let calls =
                tool_calls.into_iter().map(|call| ContentPart::ToolCall(translate_call(call)));
            ChatMessage::assistant(text.into_iter().chain(calls).collect::<MessageContent>())
        }
        Role::Tool => {
            let id = tool_call_id.unwrap_or_default();
            let name = names.get(&id).cloned();
            let result = ToolResponse::new(id, text);
            match name {
                Some(name) => result.with_fn_name(name),
                None => result,
            }
            .into()
        }
    }
}

/// Converts a call that is sent back. Its arguments become an object, because providers accept nothing
/// else.
fn translate_call(call: ToolCall) -> chat::ToolCall {
    let ToolCall { id, name, arguments } = call;
    let arguments = match present(arguments) {
        object @ Value::Object(_) => object,
        other => json!({ "arguments": other }),
    };
    chat::ToolCall { call_id: id, fn_name: name, fn_arguments: arguments, thought_signatures: None }
}

/// Converts a call of the model.
pub(super) fn call(call: chat::ToolCall) -> ToolCall {
    ToolCall { id: call.call_id, name: call.fn_name, arguments: present(call.fn_arguments) }
}

/// Returns the arguments, or an empty object if there are none.
fn present(arguments: Value) -> Value {
    match arguments {
        Value::Null => json!({}),
        Value::String(text) if text.trim().is_empty() => json!({}),
        arguments => arguments,
    }
}
