//! Entries to write.

use burdock::{
    Position,
    log::{Document, Draft, Entry, EntryKind, FORMAT, GraphMark, LogError, Snapshot, Time},
};
use serde_json::{Value, json};

/// The time of the entry at offset 0; each following one is a second later.
pub(crate) const BEGIN: u64 = 1_700_000_000_000;

/// The entry that is usual at a place of a session, another one at each.
pub(crate) fn numbered(place: u64) -> Result<Draft, LogError> {
    let kind = match place % 5 {
        0 if place == 0 => {
            EntryKind::SessionCreated { parent: None, snapshot: Box::new(state(place)) }
        }
        0 => EntryKind::RunPaused { node: format!("rest_{place}") },
        1 => EntryKind::RunStarted {
            run: place,
            node: "prompt".into(),
            inputs: json!({ "text": format!("question {place}") }),
        },
        2 => EntryKind::StepStarted { step: place, node: "answer".into() },
        3 => item_of(json!({ "delta": format!("word {place}") })),
        _ => EntryKind::RunFailed {
            node: "answer".into(),
            error: vec![format!("no answer to {place}"), "the line is dead".into()],
        },
    };
    draft(BEGIN + place * 1000, kind)
}

/// Those of several places.
pub(crate) fn several(places: std::ops::Range<u64>) -> Result<Vec<Draft>, LogError> {
    places.map(numbered).collect()
}

/// An item with this value.
pub(crate) fn item(value: impl Into<Value>) -> Result<Draft, LogError> {
    draft(BEGIN, item_of(value.into()))
}

/// A snapshot.
pub(crate) fn snapshot(step: u64) -> Result<Draft, LogError> {
    draft(BEGIN, EntryKind::Snapshot(Box::new(state(step))))
}

/// A snapshot that this graph wrote.
pub(crate) fn snapshot_of(graph: &str) -> Result<Draft, LogError> {
    let mut snapshot = state(0);
    snapshot.graph.name = graph.into();
    draft(BEGIN, EntryKind::Snapshot(Box::new(snapshot)))
}

/// The first entry of a session of this graph.
pub(crate) fn created_by(graph: &str) -> Result<Draft, LogError> {
    let mut snapshot = Box::new(state(0));
    snapshot.graph.name = graph.into();
    draft(BEGIN, EntryKind::SessionCreated { parent: None, snapshot })
}

/// An entry whose JSON is spelled out.
pub(crate) fn spelled(json: &str) -> Draft {
    Draft { kind: "item", snapshot: false, graph: None, wall: BEGIN, json: json.into() }
}

/// The same entry, made at another time.
pub(crate) fn at(wall: u64, mut draft: Draft) -> Draft {
    draft.wall = wall;
    draft
}

fn draft(wall: u64, kind: EntryKind) -> Result<Draft, LogError> {
    let time = Time(wall, wall.saturating_sub(BEGIN) * 1000);
    Draft::new(&Entry { format: FORMAT, time, branch: Vec::new(), kind })
}

fn item_of(item: Value) -> EntryKind {
    EntryKind::Item { step: 0, node: "answer".into(), attempt: 1, item }
}

fn state(step: u64) -> Snapshot {
    let mut state = Document::new();
    state.insert("history".into(), json!(["one", step]));
    Snapshot {
        graph: GraphMark { name: "Chat".into(), hash: "00c0ffee".into() },
        version: 1,
        state,
        position: Position::Rest("prompt".into()),
        step,
        run: 0,
        unfinished: None,
        failure: None,
    }
}
