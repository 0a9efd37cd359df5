//! The `OpenAI` protocol, in the variants of different servers.
//!
//! All leniency is here: the output is what `OpenAI` itself would send.

mod calls;
mod choice;

use self::{calls::Calls, choice::Finish};
use super::{
    fault::Fault,
    json::{Fields, Json},
    reader::{Flow, Out, Reader, State},
    report::Report,
    sse::Event,
    text::Joiner,
};
use serde_json::{Value, json};

/// Reads an answer and writes its normalized form.
#[derive(Debug)]
pub(super) struct OpenAi {
    /// Limit on the bytes of reasoning and calls.
    limit: usize,
    report: Report,
    /// The index of the choice that is used.
    choice: Option<String>,
    text: Joiner,
    reasoning: Joiner,
    reasoning_size: usize,
    calls: Calls,
    finish: Option<Finish>,
    is_refused: bool,
    usage: Option<Value>,
}

impl OpenAi {
    pub(super) fn new(limit: usize, report: Report) -> Self {
        Self {
            limit,
            report,
            choice: None,
            text: Joiner::default(),
            reasoning: Joiner::default(),
            reasoning_size: 0,
            calls: Calls::default(),
            finish: None,
            is_refused: false,
            usage: None,
        }
    }

    /// Reads an object of the stream.
    fn chunk(&mut self, text: &str, object: &Fields<'_>, out: &mut Out) -> Result<Flow, Fault> {
        if object.get("error").is_some_and(is_error) {
            return Err(Fault::Reported(text.to_owned()));
        }
        self.take_usage(object);
        let Some(choices) = object.get("choices") else {
            let is_error = object.text("object").as_deref() == Some("error")
                || ["message", "detail"].iter().any(|name| object.text(name).is_some());
            return if is_error { Err(Fault::Reported(text.to_owned())) } else { Ok(Flow::More) };
        };
        for choice in choices.items() {
            self.choice(&choice.fields(), out)?;
        }
        if self.reasoning_size + self.calls.size() > self.limit {
            self.finish = Some(Finish::Length);
            self.calls = Calls::default();
            self.close(out)?;
            return Ok(Flow::Done);
        }
        Ok(Flow::More)
    }

    fn take_usage(&mut self, object: &Fields<'_>) {
        let groq = object.get("x_groq").and_then(|groq| groq.fields().get("usage"));
        if let Some(usage) = object.get("usage").or(groq).filter(|usage| usage.is_object()) {
            self.usage = serde_json::from_str(usage.raw()).ok().or(self.usage.take());
        }
    }

    /// Ends the answer.
    fn close(&mut self, out: &mut Out) -> Result<(), Fault> {
        write_delta(out, "content", self.text.finish());
        let finish = match self.finish {
            Some(Finish::Stop) | None if self.is_refused => Finish::Filter,
            finish => finish.unwrap_or(Finish::Stop),
        };
        if let Some(calls) = self.calls.finish(finish != Finish::Stop)? {
            write(out, &json!({ "choices": [{ "index": 0, "delta": calls }] }));
        }
        let choice = json!({ "index": 0, "delta": {}, "finish_reason": finish.name() });
        let usage = self.usage.take();
        // `genai` looks for the usage of Groq in a place of its own
        write(out, &json!({ "choices": [choice], "usage": usage, "x_groq": { "usage": usage } }));
        out.push_back("data: [DONE]\n\n".into());
        Ok(())
    }
}

impl Reader for OpenAi {
    fn event(&mut self, event: &Event, out: &mut Out) -> Result<Flow, Fault> {
        let data = event.data.trim();
        if event.name == "error" {
            return Err(Fault::Reported(data.to_owned()));
        }
        match data {
            "" => return Ok(Flow::More),
            "[DONE]" => {
                self.close(out)?;
                return Ok(Flow::Done);
            }
            _ => {}
        }
        match Json::parse(data) {
            Ok(object) => self.chunk(data, &object.fields(), out),
            Err(_) if event.is_open => Ok(Flow::More),
            Err(_) => Err(Fault::InvalidJson),
        }
    }

    fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    fn document(&mut self, text: &str, out: &mut Out) -> Result<Flow, Fault> {
        let object = Json::parse(text).ok().map(Json::fields);
        match object {
            Some(object) if object.get("choices").is_some() => self.chunk(text, &object, out),
            _ => Err(Fault::NotAStream(text.to_owned())),
        }
    }

    fn end(&mut self, out: &mut Out) -> Result<State, Fault> {
        if self.finish.is_some() {
            self.close(out)?;
            return Ok(State::Complete);
        }
        write_delta(out, "content", self.text.finish());
        Ok(State::Incomplete)
    }
}

/// Returns whether a field `error` reports an error. Some servers send an empty one in each event.
fn is_error(error: Json<'_>) -> bool {
    !matches!(error.raw(), "false" | "\"\"" | "{}" | "0")
}

fn write_delta(out: &mut Out, field: &str, text: &str) {
    if !text.is_empty() {
        let mut delta = serde_json::Map::new();
        delta.insert(field.to_owned(), text.into());
        write(out, &json!({ "choices": [{ "index": 0, "delta": delta }] }));
    }
}

fn write(out: &mut Out, chunk: &Value) {
    out.push_back(format!("data: {chunk}\n\n").into());
}
