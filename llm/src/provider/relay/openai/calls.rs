//! Tool calls, assembled from their fragments.
//!
//! A fragment belongs to the call with its id, otherwise to the last call with its index, otherwise to
//! the last call. An index is only compared, never used as a size. A call is emitted once, when it is
//! complete, with arguments and a unique id.

use super::super::{fault::Fault, json::Json, text::Joiner};
use crate::{ToolCallDelta, clock};
use serde_json::{json, value::RawValue};
use std::collections::BTreeSet;

/// Bytes counted per call in addition to its text, so that the size limit of an answer also limits the
/// number of calls.
const OVERHEAD: usize = 256;

/// The calls of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    size: usize,
}

#[derive(Debug, Default)]
struct Call {
    index: Option<String>,
    id: Option<String>,
    name: String,
    arguments: String,
    joiner: Joiner,
    nesting: Nesting,
}

/// A fragment of a call, as a server sends it.
#[derive(Debug)]
struct Piece<'a> {
    /// The raw JSON: `0`, but also `"0"` or a number that is out of range.
    index: Option<&'a str>,
    id: Option<String>,
    name: Option<String>,
    arguments: Option<Json<'a>>,
}

impl Piece<'_> {
    fn is_text(&self) -> bool {
        self.arguments.is_some_and(Json::is_string)
    }
}

impl Calls {
    /// Adds a fragment of a call: `{"index": 0, "id": "…", "function": {"name": "…", "arguments":
    /// "…"}}`. Returns what it adds.
    pub(super) fn push(&mut self, piece: Json<'_>) -> Option<ToolCallDelta> {
        if !piece.is_object() {
            return None;
        }
        let fields = piece.fields();
        let function = fields.get("function").map(Json::fields).unwrap_or_default();
        self.add(&Piece {
            index: fields.get("index").map(Json::raw),
            id: fields.text("id"),
            name: function.text("name"),
            arguments: function.get("arguments"),
        })
    }

    /// Adds a fragment of the only call, in the older form: `{"name": "…", "arguments": "…"}`. Returns
    /// what it adds.
    pub(super) fn push_function_call(&mut self, function: Json<'_>) -> Option<ToolCallDelta> {
        let fields = function.fields();
        self.add(&Piece {
            index: Some("function_call"),
            id: None,
            name: fields.text("name"),
            arguments: fields.get("arguments"),
        })
    }

    /// Returns the size of all calls, in bytes.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Ends the calls. Returns a delta with all of them. If the limit cut the last one, it is omitted.
    pub(super) fn finish(&mut self, is_cut: bool) -> Result<Option<serde_json::Value>, Fault> {
        let mut ids = BTreeSet::new();
        let mut calls = Vec::new();
        for call in std::mem::take(&mut self.calls) {
            let Call { id, name, mut arguments, mut joiner, .. } = call;
            arguments.push_str(joiner.finish());
            let arguments = normalized(&arguments);
            if is_cut && !is_json(&arguments) {
                continue;
            }
            match name.as_str() {
                "" if is_cut => continue,
                "" => return Err(Fault::Reported("it asks for a call without a name".to_owned())),
                _ => {}
            }
            let id = id.filter(|id| !ids.contains(id)).unwrap_or_else(new_id);
            ids.insert(id.clone());
            calls.push(json!({
                "index": calls.len(),
                "id": id,
                "type": "function",
                "function": { "name": name, "arguments": arguments },
            }));
        }
        Ok((!calls.is_empty()).then(|| json!({ "tool_calls": calls })))
    }

    fn add(&mut self, piece: &Piece<'_>) -> Option<ToolCallDelta> {
        let place = self.find(piece).unwrap_or_else(|| {
            self.calls.push(Call { index: piece.index.map(str::to_owned), ..Call::default() });
            self.size += OVERHEAD;
            self.calls.len() - 1
        });
        let call = self.calls.get_mut(place)?;
        let (name, arguments) = (call.name.len(), call.arguments.len());
        self.size += call.add(piece);
        // arguments that are not text replace those before them
        let grown = call.arguments.get(arguments..).filter(|_| arguments == 0 || piece.is_text());
        let name = call.name.get(name..).unwrap_or_default().to_owned();
        let arguments = grown.unwrap_or_default().to_owned();
        let is_empty = name.is_empty() && arguments.is_empty();
        (!is_empty).then_some(ToolCallDelta { index: place, name, arguments })
    }

    /// Finds the call that a fragment continues.
    fn find(&self, piece: &Piece<'_>) -> Option<usize> {
        let has_index = |call: &Call| piece.index.is_none() || call.index.as_deref() == piece.index;
        if let Some(id) = &piece.id {
            let same = |call: &Call| call.id.as_ref() == Some(id) && has_index(call);
            if let Some(place) = self.calls.iter().rposition(same) {
                return Some(place);
            }
        }
        let place = self.calls.iter().rposition(has_index)?;
        let call = self.calls.get(place)?;
        let is_other = piece.id.is_some() && call.id.is_some();
        (!is_other && call.is_continued_by(piece)).then_some(place)
    }
}

impl Call {
    fn is_continued_by(&self, piece: &Piece<'_>) -> bool {
        let Some(name) = &piece.name else { return true };
        if *name != self.name {
            return self.name.is_empty();
        }
        // a repeated name is part of each fragment, or starts the next call of the same function
        let has_more = piece.arguments.is_some_and(|more| more.raw() != "\"\"");
        !(self.nesting.is_closed() && (has_more || piece.index.is_none()))
    }

    /// Adds a fragment. Returns the number of bytes that it added.
    fn add(&mut self, piece: &Piece<'_>) -> usize {
        let before = self.name.len() + self.arguments.len();
        if self.id.is_none() {
            self.id.clone_from(&piece.id);
        }
        if let Some(name) = &piece.name
            && *name != self.name
        {
            self.name.push_str(name);
        }
        match piece.arguments {
            Some(text) if text.is_string() => {
                let more = self.joiner.push(&text.bytes().unwrap_or_default());
                self.nesting.push(&more);
                self.arguments.push_str(&more);
            }
            Some(value) => {
                self.nesting = Nesting::default();
                self.nesting.push(value.raw());
                value.raw().clone_into(&mut self.arguments);
            }
            None => {}
        }
        (self.name.len() + self.arguments.len()).saturating_sub(before)
    }
}

/// Nesting depth of the arguments. It shows whether they are complete without parsing them again.
#[derive(Debug, Default)]
struct Nesting {
    depth: usize,
    has_started: bool,
    in_string: bool,
    is_escaped: bool,
}

impl Nesting {
    fn push(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.in_string => self.is_escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' | b'[' if !self.in_string => {
                    self.has_started = true;
                    self.depth += 1;
                }
                b'}' | b']' if !self.in_string => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    fn is_closed(&self) -> bool {
        self.has_started && self.depth == 0
    }
}

/// Normalizes the text of arguments: absent ones become `{}`, and JSON inside a JSON string is
/// unwrapped. Anything else is unchanged.
fn normalized(arguments: &str) -> String {
    let inner: Option<String> = serde_json::from_str(arguments).ok();
    let text = match &inner {
        Some(inner) if is_json(inner) || inner.trim().is_empty() => inner,
        _ => arguments,
    };
    match text.trim() {
        "" | "null" => "{}".to_owned(),
        text => text.to_owned(),
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// Returns an id for a call that has none, unique in the conversation.
fn new_id() -> String {
    format!("call_{:016x}", clock::random())
}
