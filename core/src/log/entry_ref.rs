//! Entries with borrowed values, for the kinds that a run writes often or that are large. Their JSON is that of an
//! [`EntryKind`].

use super::{
    CallKind, ChildEnd, ChildOf, Entry, EntryKind, FORMAT, LogError, MAX_ENTRY_BYTES, NewEntry,
    SessionId, Snapshot, Time,
};
use crate::{names, progress::Next, state::Patch};
use serde::Serialize;
use serde_json::Value;
use std::{cell::Cell, str, sync::Arc};

/// A variant of [`EntryKind`] with borrowed fields.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntryRef<'a, T> {
    SessionCreated {
        #[serde(skip_serializing_if = "Option::is_none")]
        child_of: Option<&'a ChildOf>,
        snapshot: &'a Snapshot<T>,
    },
    StepStarted {
        step: u64,
        node: &'static str,
    },
    Item {
        step: u64,
        node: &'static str,
        attempt: u32,
        item: T,
    },
    CallRecorded {
        step: u64,
        node: &'static str,
        attempt: u32,
        key: &'a str,
        kind: CallKind,
        result: &'a Value,
    },
    ChildStarted {
        step: u64,
        node: &'static str,
        attempt: u32,
        key: &'a str,
        graph: &'static str,
        session: &'a SessionId,
        inputs: &'a str,
    },
    ChildEnded {
        step: u64,
        node: &'static str,
        key: &'a str,
        end: &'a ChildEnd,
    },
    StepCommitted {
        step: u64,
        node: &'static str,
        attempt: u32,
        patches: &'a [(&'static str, Patch)],
        next: Next<&'static str>,
    },
    Snapshot(&'a Snapshot<T>),
}

/// An [`EntryRef`] that contains no values of the program's own types.
pub(crate) type BareEntryRef<'a> = EntryRef<'a, ()>;

/// The payload of an entry: an [`EntryKind`], or an [`EntryRef`] that serializes in the same way.
pub(crate) trait EntryPayload: Serialize {
    /// Returns the name of the kind, as in the JSON.
    fn name(&self) -> &'static str;

    /// Returns the name of the graph if the entry is a snapshot.
    fn graph(&self) -> Option<&str>;

    /// Returns the subject of the error message for a payload that cannot be serialized.
    fn subject(&self) -> String {
        format!("the entry `{}`", self.name())
    }
}

impl EntryPayload for EntryKind {
    fn name(&self) -> &'static str {
        self.name()
    }

    fn graph(&self) -> Option<&str> {
        self.snapshot().map(|snapshot| &*snapshot.graph.name)
    }
}

impl<T: Serialize> EntryPayload for EntryRef<'_, T> {
    fn name(&self) -> &'static str {
        match self {
            Self::SessionCreated { .. } => names::SESSION_CREATED,
            Self::StepStarted { .. } => names::STEP_STARTED,
            Self::Item { .. } => names::ITEM,
            Self::CallRecorded { .. } => names::CALL_RECORDED,
            Self::ChildStarted { .. } => names::CHILD_STARTED,
            Self::ChildEnded { .. } => names::CHILD_ENDED,
            Self::StepCommitted { .. } => names::STEP_COMMITTED,
            Self::Snapshot(_) => names::SNAPSHOT,
        }
    }

    fn graph(&self) -> Option<&str> {
        match self {
            Self::SessionCreated { snapshot, .. } | Self::Snapshot(snapshot) => {
                Some(&snapshot.graph.name)
            }
            _ => None,
        }
    }

    fn subject(&self) -> String {
        match self {
            Self::SessionCreated { .. } | Self::Snapshot(_) => "the state".into(),
            _ => format!("the entry `{}`", self.name()),
        }
    }
}

/// An [`Entry`] with a borrowed payload.
#[derive(Serialize)]
struct EntryJson<'a, P> {
    v: u32,
    at: Time,
    entry: &'a P,
}

impl NewEntry {
    /// Serializes an entry.
    ///
    /// # Errors
    /// Returns [`LogError::TooLarge`] if the JSON exceeds [`MAX_ENTRY_BYTES`].
    pub fn new(entry: &Entry) -> Result<Self, LogError> {
        Self::serialize(&entry.kind, entry.time, entry)
    }

    /// Returns an entry whose JSON already exists, for example in a copy of another log. The JSON is not checked.
    ///
    /// For a snapshot, the caller sets [`snapshot`](Self::snapshot) and [`graph`](Self::graph).
    pub fn from_json(kind: &'static str, wall: u64, json: impl Into<Arc<str>>) -> Self {
        Self { kind, snapshot: false, graph: None, wall, json: json.into() }
    }

    /// Serializes an entry of the current format.
    pub(super) fn of(payload: &impl EntryPayload, time: Time) -> Result<Self, LogError> {
        Self::serialize(payload, time, &EntryJson { v: FORMAT, at: time, entry: payload })
    }

    fn serialize(
        payload: &impl EntryPayload,
        time: Time,
        entry: &impl Serialize,
    ) -> Result<Self, LogError> {
        let json = json(entry).map_err(|error| LogError::NotSerializable {
            what: payload.subject(),
            reason: error.to_string(),
        })?;
        if json.len() > MAX_ENTRY_BYTES {
            return Err(LogError::TooLarge { bytes: json.len(), limit: MAX_ENTRY_BYTES });
        }
        let graph = payload.graph().map(Arc::from);
        Ok(Self { kind: payload.name(), snapshot: graph.is_some(), graph, wall: time.0, json })
    }
}

/// The largest capacity of a buffer that is kept for the next entry: enough for the frequent kinds.
const MAX_KEPT_BYTES: usize = 64 << 10;

thread_local! {
    /// The buffer for JSON of unknown size. All sessions of a thread share one.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

fn json(value: &impl Serialize) -> Result<Arc<str>, serde_json::Error> {
    let mut buffer = BUFFER.take();
    buffer.clear();
    serde_json::to_writer(&mut buffer, value)?;
    let json = str::from_utf8(&buffer).map_err(serde::ser::Error::custom)?.into();
    if buffer.capacity() <= MAX_KEPT_BYTES {
        BUFFER.set(buffer);
    }
    Ok(json)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{
        log::{Document, GraphMark},
        progress::Position,
        state::Fields,
    };
    use serde_json::json;

    fn snapshot<S>(state: S) -> Snapshot<S> {
        Snapshot {
            graph: GraphMark { name: "Chat".into(), hash: "00".into() },
            version: 1,
            state,
            position: Position::Rest("ask".into()),
            step: 2,
            run: 1,
            unfinished: None,
            failure: None,
        }
    }

    #[test]
    fn entry_ref_serializes_as_the_entry_kind_of_the_same_name() {
        let (document, patch) = (Document::new(), Patch::Set(json!(7)));
        let (written, read) = (snapshot(&document), Box::new(snapshot(document.clone())));
        let (step, attempt, node) = (3, 1, "ask");
        let (key, kind, child) = ("pay", CallKind::Once, SessionId::stored("~1:1.2").unwrap());
        let end = ChildEnd { position: Position::Ended, version: 1, state: Document::new() };
        for (borrowed, kind) in [
            (
                EntryRef::SessionCreated { child_of: None, snapshot: &written },
                EntryKind::SessionCreated { parent: None, child_of: None, snapshot: read.clone() },
            ),
            (EntryRef::Snapshot(&written), EntryKind::Snapshot(read)),
            (
                EntryRef::StepStarted { step, node },
                EntryKind::StepStarted { step, node: node.into() },
            ),
            (
                EntryRef::Item { step, node, attempt, item: &document },
                EntryKind::Item { step, node: node.into(), attempt, item: json!({}) },
            ),
            (
                EntryRef::CallRecorded { step, node, attempt, key, kind, result: &json!(7) },
                EntryKind::CallRecorded {
                    step,
                    node: node.into(),
                    attempt,
                    key: key.into(),
                    kind,
                    result: json!(7),
                },
            ),
            (
                EntryRef::ChildStarted {
                    step,
                    node,
                    attempt,
                    key,
                    graph: "Search",
                    session: &child,
                    inputs: "00",
                },
                EntryKind::ChildStarted {
                    step,
                    node: node.into(),
                    attempt,
                    key: key.into(),
                    graph: "Search".into(),
                    session: child.clone(),
                    inputs: "00".into(),
                },
            ),
            (
                EntryRef::ChildEnded { step, node, key, end: &end },
                EntryKind::ChildEnded {
                    step,
                    node: node.into(),
                    key: key.into(),
                    end: end.clone(),
                },
            ),
            (
                EntryRef::StepCommitted {
                    step,
                    node,
                    attempt,
                    patches: &[("field", patch.clone())],
                    next: Next::Pause(node),
                },
                EntryKind::StepCommitted {
                    step,
                    node: node.into(),
                    attempt,
                    patches: vec![("field".into(), patch)],
                    next: Next::Pause(node.into()),
                },
            ),
        ] {
            let time = Time(5, 6);
            let entry = Entry { format: FORMAT, time, branch: Vec::new(), kind };
            let new = NewEntry::of(&borrowed, time).unwrap();
            assert_eq!(new, NewEntry::new(&entry).unwrap());
            assert_eq!(Entry::from_json(&new.json).unwrap(), entry);
        }
    }

    #[test]
    fn snapshot_of_a_state_that_is_not_an_object_is_an_error() {
        let state = snapshot(Fields::fields(&[0_u8; 0]));
        let error = NewEntry::of(&EntryRef::Snapshot(&state), Time(0, 0)).unwrap_err().to_string();
        let reason = "serde does not write it as an object";
        assert_eq!(error, format!("the state cannot be recorded: {reason}"));
    }
}
