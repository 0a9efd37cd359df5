//! Readers of answers: conversion of a protocol's events.

use super::{fault::Fault, last::LastEvent, sse::Event};
use bytes::Bytes;
use serde_json::Value;
use std::{collections::VecDeque, fmt};

/// The output for `genai`.
pub(super) type Out = VecDeque<Bytes>;

/// Whether there is more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    More,
    Done,
}

/// Reads events and writes them for `genai`.
pub(super) trait Reader: Send + fmt::Debug {
    /// Reads an event.
    fn event(&mut self, event: &Event, out: &mut Out) -> Result<Flow, Fault>;

    /// Returns whether the model has finished, even if the stream has not.
    fn is_finished(&self) -> bool {
        false
    }

    /// Reads a document that was sent instead of a stream.
    fn document(&mut self, text: &str, out: &mut Out) -> Result<Flow, Fault>;

    /// Ends the answer when its connection ends.
    fn end(&mut self, out: &mut Out) -> Result<State, Fault>;
}

/// Whether an answer was complete when its connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Complete,
    Incomplete,
    /// Unknown, because the relay does not know the last event of the protocol.
    Unknown,
}

/// Forwards events, except errors.
#[derive(Debug)]
pub(super) struct Passthrough {
    last: Option<LastEvent>,
    /// Whether the last event has arrived.
    is_complete: bool,
}

impl Passthrough {
    pub(super) fn new(last: Option<LastEvent>) -> Self {
        Self { last, is_complete: false }
    }
}

impl Reader for Passthrough {
    fn event(&mut self, event: &Event, out: &mut Out) -> Result<Flow, Fault> {
        let Event { name, data, is_open } = event;
        if name == "error" || is_error(data) {
            return Err(Fault::Reported(data.clone()));
        }
        // some servers send it in place of the last event of the protocol, or after it
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
        Err(Fault::NotAStream(text.to_owned()))
    }

    fn end(&mut self, _: &mut Out) -> Result<State, Fault> {
        Ok(match self.last {
            None => State::Unknown,
            Some(_) if self.is_complete => State::Complete,
            Some(_) => State::Incomplete,
        })
    }
}

/// Returns whether an object contains an error.
pub(super) fn is_error(data: &str) -> bool {
    // avoids parsing most events
    if !data.contains("\"error\"") {
        return false;
    }
    let object: Option<Value> = serde_json::from_str(data).ok();
    object.is_some_and(|object| {
        object.get("error").is_some_and(|error| error.is_object() || error.is_string())
            || object.get("type").is_some_and(|kind| kind == "error")
    })
}
