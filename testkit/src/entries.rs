//! Entries for the cases.

use burdock::{
    Position,
    log::{Document, Entry, EntryKind, GraphMark, LogError, NewEntry, Snapshot, Time},
};
use serde_json::{Value, json};

/// The time of the entry at offset 0. Each following entry is one second later.
pub(crate) const START: u64 = 1_700_000_000_000;

/// Returns an entry for an offset, different for each offset.
pub(crate) fn numbered(place: u64) -> Result<NewEntry, LogError> {
    let kind = match place % 5 {
        0 if place == 0 => json!({ "session_created": { "snapshot": state(place) } }),
        0 => json!({ "run_paused": { "node": format!("rest_{place}") } }),
        1 => {
            let inputs = json!({ "text": format!("question {place}") });
            json!({ "run_started": { "run": place, "node": "prompt", "inputs": inputs } })
        }
        2 => json!({ "step_started": { "step": place, "node": "answer" } }),
        3 => item_of(&json!({ "delta": format!("word {place}") })),
        _ => {
            let error = [&format!("no answer to {place}"), "the line is dead"];
            json!({ "run_failed": { "node": "answer", "error": error } })
        }
    };
    new_entry(START + place * 1000, kind)
}

/// Returns the numbered entries of several offsets.
pub(crate) fn several(places: std::ops::Range<u64>) -> Result<Vec<NewEntry>, LogError> {
    places.map(numbered).collect()
}

/// Returns an item with this value.
pub(crate) fn item(value: impl Into<Value>) -> Result<NewEntry, LogError> {
    new_entry(START, item_of(&value.into()))
}

/// Returns a snapshot.
pub(crate) fn snapshot(step: u64) -> Result<NewEntry, LogError> {
    new_entry(START, json!({ "snapshot": state(step) }))
}

/// Returns a snapshot of this graph.
pub(crate) fn snapshot_of(graph: &str) -> Result<NewEntry, LogError> {
    let mut snapshot = state(0);
    snapshot.graph.name = graph.into();
    new_entry(START, json!({ "snapshot": snapshot }))
}

/// Returns the first entry of a session of this graph.
pub(crate) fn created_by(graph: &str) -> Result<NewEntry, LogError> {
    let mut snapshot = state(0);
    snapshot.graph.name = graph.into();
    new_entry(START, json!({ "session_created": { "snapshot": snapshot } }))
}

/// Returns an entry with this JSON.
pub(crate) fn raw(json: &str) -> NewEntry {
    NewEntry::from_json("item", START, json)
}

/// Changes the time of an entry.
pub(crate) fn with_time(wall: u64, mut new_entry: NewEntry) -> NewEntry {
    new_entry.wall = wall;
    new_entry
}

/// Returns an entry of a kind in JSON.
fn new_entry(wall: u64, kind: Value) -> Result<NewEntry, LogError> {
    let kind: EntryKind = serde_json::from_value(kind).map_err(|error| {
        let (what, reason) = ("an entry of the testkit".into(), error.to_string());
        LogError::NotSerializable { what, reason }
    })?;
    NewEntry::new(&Entry::new(Time(wall, wall.saturating_sub(START) * 1000), kind))
}

fn item_of(item: &Value) -> Value {
    json!({ "item": { "step": 0, "node": "answer", "attempt": 1, "item": item } })
}

fn state(step: u64) -> Snapshot {
    let mut state = Document::new();
    state.insert("history".into(), json!(["one", step]));
    let (graph, position) = (GraphMark::new("Chat", "00c0ffee"), Position::Rest("prompt".into()));
    let mut snapshot = Snapshot::new(graph, 1, state, position);
    snapshot.step = step;
    snapshot
}
