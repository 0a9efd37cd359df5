//! The choices of an answer.

use super::{OpenAi, Out, is_error, write_delta};
use crate::provider::relay::{
    fault::Fault,
    json::{Fields, Json},
};

/// A finish reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    Stop,
    Length,
    Filter,
}

impl Finish {
    /// Returns its name in the `OpenAI` protocol.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::Filter => "content_filter",
        }
    }

    /// Parses a finish reason. Returns `None` if it has no information.
    fn parse(reason: &str) -> Result<Option<Self>, Fault> {
        match reason.trim().to_ascii_lowercase().as_str() {
            "" | "null" | "none" => Ok(None),
            "length" | "max_tokens" | "model_length" | "max_output_tokens" => {
                Ok(Some(Self::Length))
            }
            "content_filter" | "safety" | "sensitive" | "refusal" => Ok(Some(Self::Filter)),
            "error"
            | "abort"
            | "aborted"
            | "cancelled"
            | "network_error"
            | "insufficient_system_resource" => Err(Fault::Finish(reason.to_owned())),
            _ => Ok(Some(Self::Stop)),
        }
    }
}

impl OpenAi {
    pub(super) fn choice(&mut self, choice: &Fields<'_>, out: &mut Out) -> Result<(), Fault> {
        if let Some(index) = choice.get("index").map(Json::raw)
            && self.choice.get_or_insert_with(|| index.to_owned()) != index
        {
            return Ok(());
        }
        if let Some(error) = choice.get("error").filter(|error| is_error(*error)) {
            return Err(Fault::Reported(error.raw().to_owned()));
        }
        // a gateway that does not stream sends the whole message
        if let Some(delta) = choice.get("delta").or_else(|| choice.get("message")) {
            self.delta(&delta.fields(), out);
        }
        if let Some(reason) = choice.text("finish_reason") {
            self.finish = Finish::parse(&reason)?.or(self.finish);
        }
        Ok(())
    }

    fn delta(&mut self, delta: &Fields<'_>, out: &mut Out) {
        for name in ["reasoning_content", "reasoning"] {
            if let Some(reasoning) = delta.get(name).and_then(Json::bytes) {
                self.emit_reasoning(&reasoning, out);
                break;
            }
        }
        match delta.get("content") {
            Some(content) if content.is_string() => self.emit_text(content, out),
            Some(parts) => {
                for part in parts.items() {
                    self.part(&part.fields(), out);
                }
            }
            None => {}
        }
        if let Some(refusal) = delta.get("refusal").filter(|refusal| refusal.is_string()) {
            self.is_refused |= refusal.raw() != "\"\"";
            self.emit_text(refusal, out);
        }
        for call in delta.get("tool_calls").into_iter().flat_map(Json::items) {
            self.calls.push(call).into_iter().for_each(|delta| self.report.push(delta));
        }
        if let Some(call) = delta.get("function_call").filter(|call| call.is_object()) {
            self.calls
                .push_function_call(call)
                .into_iter()
                .for_each(|delta| self.report.push(delta));
        }
    }

    /// Adds a part of a content: text, or reasoning of Mistral's models.
    fn part(&mut self, part: &Fields<'_>, out: &mut Out) {
        if let Some(text) = part.get("text").filter(|text| text.is_string()) {
            self.emit_text(text, out);
        }
        match part.get("thinking") {
            Some(reasoning) if reasoning.is_string() => {
                self.emit_reasoning(&reasoning.bytes().unwrap_or_default(), out);
            }
            Some(parts) => {
                for part in parts.items() {
                    if let Some(text) = part.fields().get("text").and_then(Json::bytes) {
                        self.emit_reasoning(&text, out);
                    }
                }
            }
            None => {}
        }
    }

    fn emit_text(&mut self, text: Json<'_>, out: &mut Out) {
        let text = self.text.push(&text.bytes().unwrap_or_default());
        write_delta(out, "content", &text);
    }

    fn emit_reasoning(&mut self, reasoning: &[u8], out: &mut Out) {
        let reasoning = self.reasoning.push(reasoning);
        self.reasoning_size += reasoning.len();
        write_delta(out, "reasoning_content", &reasoning);
    }
}
