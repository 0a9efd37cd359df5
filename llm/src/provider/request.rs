//! Conversion of requests to `genai`.

use super::schema::Dialect;
use crate::{Message, Options, Request, ResponseSchema, Role, ToolCall, ToolChoice, paired};
use genai::chat::{
    self, ChatMessage, ChatOptions, ChatRequest, ContentPart, JsonSpec, MessageContent,
    ToolResponse,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn translate(request: Request, dialect: Option<Dialect>) -> (ChatRequest, ChatOptions) {
    let Request { messages, options, .. } = request;
    let Options { system, max_tokens, temperature, stop_sequences, tools, tool_choice, schema } =
        options;
    let messages = paired(messages);
    // Gemini identifies the function of a result by its name; an id may occur again in a later turn
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    // providers reject an empty message, such as an answer that was stopped before its first word
    let messages = messages
        .into_iter()
        .filter(|message| message.role == Role::Tool || !message.is_empty())
        .map(|message| {
            let calls = message.tool_calls.iter().map(|call| (call.id.clone(), call.name.clone()));
            names.extend(calls);
            translate_message(message, &names)
        });
    let mut request = ChatRequest::from_messages(messages.collect());
    request.system = system;
    let has_tools = !tools.is_empty();
    if has_tools {
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
        // providers reject a choice without tools
        tool_choice: tool_choice.filter(|_| has_tools).map(translate_choice),
        ..ChatOptions::default().with_capture_usage(true).with_capture_tool_calls(true)
    };
    (request, options)
}

fn translate_choice(choice: ToolChoice) -> chat::ToolChoice {
    match choice {
        ToolChoice::Auto => chat::ToolChoice::Auto,
        ToolChoice::None => chat::ToolChoice::None,
        ToolChoice::Required => chat::ToolChoice::Required,
        ToolChoice::Tool(name) => chat::ToolChoice::Tool { name },
    }
}

fn translate_message(message: Message, names: &BTreeMap<String, String>) -> ChatMessage {
    let Message { role, text, tool_calls, tool_call_id, .. } = message;
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
    let ToolCall { id, name, arguments, signatures } = call;
    let arguments = match present(arguments) {
        object @ Value::Object(_) => object,
        other => json!({ "arguments": other }),
    };
    chat::ToolCall {
        call_id: id,
        fn_name: name,
        fn_arguments: arguments,
        thought_signatures: (!signatures.is_empty()).then_some(signatures),
    }
}

/// Converts a call of the model.
pub(super) fn call(call: chat::ToolCall) -> ToolCall {
    let mut new = ToolCall::new(call.call_id, call.fn_name, present(call.fn_arguments));
    new.signatures = call.thought_signatures.unwrap_or_default();
    new
}

/// Returns the arguments, or an empty object if there are none.
fn present(arguments: Value) -> Value {
    match arguments {
        Value::Null => json!({}),
        Value::String(text) if text.trim().is_empty() => json!({}),
        arguments => arguments,
    }
}

#[cfg(test)]
mod tests {
    use super::{call, translate_call};
    use genai::chat;
    use serde_json::json;

    #[test]
    fn the_signatures_of_a_call_are_sent_back() {
        for signatures in [None, Some(vec!["abc".to_owned(), "def".to_owned()])] {
            let received = chat::ToolCall {
                call_id: "1".into(),
                fn_name: "add".into(),
                fn_arguments: json!({ "a": 1 }),
                thought_signatures: signatures.clone(),
            };
            let ours = call(received);
            assert_eq!(ours.signatures, signatures.clone().unwrap_or_default());
            // they survive the log
            let written = serde_json::to_value(&ours).unwrap_or_default();
            let read = serde_json::from_value(written).ok().map(translate_call);
            assert_eq!(read.map(|call| call.thought_signatures), Some(signatures));
        }
    }
}
