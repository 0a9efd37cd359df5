//! The last events of protocols.
//!
//! `genai` generates an end event when a connection is closed without one, which a proxy may do in the
//! middle of an answer. The relay therefore looks for the last event itself, except with Bedrock, whose
//! frames it does not parse: there, an answer that an orderly close truncates between two frames counts
//! as complete.

use super::sse::Event;
use serde_json::Value;

/// A protocol whose last event is known.
#[derive(Clone, Copy, Debug)]
pub(super) enum LastEvent {
    Anthropic,
    Gemini,
    Interactions,
    Responses,
}

impl LastEvent {
    /// Returns the protocol for the path of a request.
    pub(super) fn of(path: &str) -> Option<Self> {
        let protocols: &[(&str, Self)] = &[
            ("/messages", Self::Anthropic),
            (":streamRawPredict", Self::Anthropic),
            (":streamGenerateContent", Self::Gemini),
            ("/interactions", Self::Interactions),
            ("/responses", Self::Responses),
        ];
        protocols.iter().find(|(end, _)| path.ends_with(end)).map(|(_, last)| *last)
    }

    /// Returns whether the answer is complete with this event.
    pub(super) fn is(self, event: &Event) -> bool {
        let Event { name, data, .. } = event;
        match self {
            Self::Anthropic => name == "message_stop" || is_typed(data, "type", &["message_stop"]),
            Self::Gemini => is_end_of_gemini(data),
            Self::Interactions => {
                is_typed(data, "event_type", &["interaction.completed", "interaction.complete"])
            }
            Self::Responses => is_typed(
                data,
                "type",
                &["response.completed", "response.incomplete", "response.failed"],
            ),
        }
    }
}

/// Returns whether a line of Ollama or Cohere is the last one.
pub(super) fn is_last_line(line: &str) -> bool {
    if !line.contains("\"done\"") && !line.contains("\"stream-end\"") {
        return false;
    }
    parse(line)
        .is_some_and(|line| line["done"] == Value::Bool(true) || line["event_type"] == "stream-end")
}

/// Returns whether an object has one of these types.
fn is_typed(data: &str, field: &str, types: &[&str]) -> bool {
    // avoids parsing most events
    types.iter().any(|kind| data.contains(kind))
        && parse(data).is_some_and(|object| types.iter().any(|kind| object[field] == *kind))
}

/// Gemini has no end event: the last chunk has the finish reason, and the answer to a blocked prompt
/// has only the block reason.
fn is_end_of_gemini(data: &str) -> bool {
    if !data.contains("\"finishReason\"") && !data.contains("\"blockReason\"") {
        return false;
    }
    let places = ["/candidates/0/finishReason", "/promptFeedback/blockReason"];
    parse(data).is_some_and(|chunk| {
        places.iter().any(|place| chunk.pointer(place).is_some_and(Value::is_string))
    })
}

fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::{LastEvent, is_last_line};
    use crate::provider::relay::sse::Event;

    #[test]
    fn last_event_is_distinguished_from_text_that_quotes_it() {
        for (path, data, expected) in [
            ("/v1/messages", r#"{"type":"message_stop"}"#, true),
            ("/v1/messages", r#"{"type":"ping","text":"message_stop"}"#, false),
            ("/m:streamRawPredict", r#"{"type":"message_stop"}"#, true),
            ("/m:streamGenerateContent", r#"{"candidates":[{"finishReason":"STOP"}]}"#, true),
            ("/m:streamGenerateContent", r#"{"candidates":[{"finishReason":null}]}"#, false),
            ("/m:streamGenerateContent", r#"{"candidates":["\"finishReason\""]}"#, false),
            ("/m:streamGenerateContent", r#"{"promptFeedback":{"blockReason":"OTHER"}}"#, true),
            ("/interactions", r#"{"event_type":"interaction.completed"}"#, true),
            ("/interactions", r#"{"event_type":"interaction.created"}"#, false),
            ("/v1/responses", r#"{"type":"response.completed"}"#, true),
            ("/v1/responses", r#"{"type":"response.incomplete"}"#, true),
            ("/v1/responses", r#"{"type":"response.failed"}"#, true),
            ("/v1/responses", r#"{"type":"response.created","delta":"response.failed"}"#, false),
        ] {
            let event = Event { data: data.to_owned(), ..Event::default() };
            let seen = LastEvent::of(path).map(|last| last.is(&event));
            assert_eq!(seen, Some(expected), "{path}: {data}");
        }
        for (line, expected) in [
            (r#"{"done":true}"#, true),
            (r#"{"done":false}"#, false),
            (r#"{"message":{"content":"\"done\":true"}}"#, false),
            (r#"{"event_type":"stream-end"}"#, true),
            (r#"{"event_type":"stream-start"}"#, false),
        ] {
            assert_eq!(is_last_line(line), expected, "{line}");
        }
    }
}
