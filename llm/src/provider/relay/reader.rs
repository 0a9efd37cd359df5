//! Readers of answers: what a protocol makes of the events of a stream.

use super::{fault::Fault, last::Last, sse::Event};
use bytes::Bytes;
use serde_json::Value;
use std::{collections::VecDeque, fmt};

/// What is passed on to `genai`.
pub(super) type Out = VecDeque<Bytes>;

/// Whether there is more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    More,
    Done,
}

/// Reads events and writes them for `genai`.
pub(super) trait Reader: Send + fmt::Debug {
    /// Takes an event.
    fn event(&mut self, event: &Event, out: &mut Out) -> Result<Flow, Fault>;

    /// Returns whether the model has ended, although the stream has not.
    fn is_finished(&self) -> bool {
        false
    }

    /// Takes a document that came instead of a stream.
    fn document(&mut self, text: &str, out: &mut Out) -> Result<Flow, Fault>;

    /// Ends the answer with its connection.
    fn end(&mut self, out: &mut Out) -> Result<State, Fault>;
}

/// What is known of an answer when its connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Complete,
    Incomplete,
    /// The relay does not know the last event of the protocol.
    Unknown,
}

/// Passes events on, but for errors.
#[derive(Debug)]
pub(super) struct PassOn {
    last: Option<Last>,
    /// Whether the last event has arrived.
    is_complete: bool,
}

impl PassOn {
    pub(super) fn new(last: Option<Last>) -> Self {
        Self { last, is_complete: false }
    }
}

impl Reader for PassOn {
    fn event(&mut self, event: &Event, out: &mut Out) -> Result<Flow, Fault> {
        let Event { name, data, is_open } = event;
        if name == "error" || is_error(data) {
            return Err(Fault::Complaint(data.clone()));
        }
        // some servers send it in place of the last event of the protocol, or behind it
        self.is_complete |= data.trim() == "[DONE]";
        if *is_open && serde_json::from_str::<&serde_json::value::RawValue>(data).is_err() {
            return Ok(Flow::More);
        }
        self.is_complete |= self.last.is_some_and(|last| last.is(event));
        let mut text = String::with_capacity(name.len() + data.len() + 20);
        if !name.is_empty() {
            text.extend(["event: ", name, "\n"]);
        }
        for line in data.split('\n') {
            text.extend(["data: ", line, "\n"]);
        }
        text.push('\n');
        out.push_back(text.into());
        Ok(Flow::More)
    }

    fn document(&mut self, text: &str, _: &mut Out) -> Result<Flow, Fault> {
        Err(Fault::NoStream(text.to_owned()))
    }

    fn end(&mut self, _: &mut Out) -> Result<State, Fault> {
        Ok(match self.last {
            None => State::Unknown,
            Some(_) if self.is_complete => State::Complete,
            Some(_) => State::Incomplete,
        })
    }
}

/// Whether an object has an error beside or instead of what is expected.
pub(super) fn is_error(data: &str) -> bool {
    // most events need not be parsed to know that they are no errors
    if !data.contains("\"error\"") {
        return false;
    }
    let object: Option<Value> = serde_json::from_str(data).ok();
    object.is_some_and(|object| {
        object.get("error").is_some_and(|error| error.is_object() || error.is_string())
            || object.get("type").is_some_and(|kind| kind == "error")
    })
}
