//! What a run writes often or in bulk: the JSON of an [`EntryKind`], made from what is borrowed.

use super::{Draft, Entry, EntryKind, FORMAT, LogError, MAX_ENTRY_BYTES, Snapshot, Time};
use crate::{names, progress::Next, state::Patch};
use serde::Serialize;
use std::{cell::Cell, str, sync::Arc};

/// Variants of [`EntryKind`], field by field.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Noted<'a, T> {
    SessionCreated {
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
    StepCommitted {
        step: u64,
        node: &'static str,
        attempt: u32,
        patches: &'a [(&'static str, Patch)],
        next: Next<&'static str>,
    },
    Snapshot(&'a Snapshot<T>),
}

/// What is noted without a value of the program's.
pub(crate) type Plain<'a> = Noted<'a, ()>;

/// What is written as the kind of an entry.
pub(crate) trait Kind: Serialize {
    /// Its name, as it stands in the JSON.
    fn name(&self) -> &'static str;

    /// The name of the graph, if a session can be opened from it on.
    fn graph(&self) -> Option<&str>;

    /// What it is that cannot be recorded, if serialising it fails.
    fn what(&self) -> String {
        format!("the entry `{}`", self.name())
    }
}

impl Kind for EntryKind {
    fn name(&self) -> &'static str {
        self.name()
    }

    fn graph(&self) -> Option<&str> {
        self.snapshot().map(|snapshot| &*snapshot.graph.name)
    }
}

impl<T: Serialize> Kind for Noted<'_, T> {
    fn name(&self) -> &'static str {
        match self {
            Self::SessionCreated { .. } => names::SESSION_CREATED,
            Self::StepStarted { .. } => names::STEP_STARTED,
            Self::Item { .. } => names::ITEM,
            Self::StepCommitted { .. } => names::STEP_COMMITTED,
            Self::Snapshot(_) => names::SNAPSHOT,
        }
    }

    fn graph(&self) -> Option<&str> {
        match self {
            Self::SessionCreated { snapshot } | Self::Snapshot(snapshot) => {
                Some(&snapshot.graph.name)
            }
            Self::StepStarted { .. } | Self::Item { .. } | Self::StepCommitted { .. } => None,
        }
    }

    fn what(&self) -> String {
        match self {
            Self::SessionCreated { .. } | Self::Snapshot(_) => "the state".into(),
            Self::Item { .. } | Self::StepStarted { .. } | Self::StepCommitted { .. } => {
                format!("the entry `{}`", self.name())
            }
        }
    }
}

/// An [`Entry`] of this moment.
#[derive(Serialize)]
struct Present<'a, K> {
    v: u32,
    at: Time,
    entry: &'a K,
}

impl Draft {
    /// Writes an entry as JSON.
    ///
    /// # Errors
    /// [`LogError::TooLarge`].
    pub fn new(entry: &Entry) -> Result<Self, LogError> {
        Self::write(&entry.kind, entry.time, entry)
    }

    /// Returns an entry whose JSON exists already, for example in a copy of another log. The JSON is not checked.
    ///
    /// For an entry from which a session can be opened, the caller sets [`snapshot`](Self::snapshot) and
    /// [`graph`](Self::graph).
    pub fn from_json(kind: &'static str, wall: u64, json: impl Into<Arc<str>>) -> Self {
        Self { kind, snapshot: false, graph: None, wall, json: json.into() }
    }

    /// Writes what happened at some time.
    pub(super) fn of(kind: &impl Kind, time: Time) -> Result<Self, LogError> {
        Self::write(kind, time, &Present { v: FORMAT, at: time, entry: kind })
    }

    fn write(kind: &impl Kind, time: Time, entry: &impl Serialize) -> Result<Self, LogError> {
        let json = json(entry).map_err(|error| LogError::NotSerialisable {
            what: kind.what(),
            reason: error.to_string(),
        })?;
        if json.len() > MAX_ENTRY_BYTES {
            return Err(LogError::TooLarge { bytes: json.len(), limit: MAX_ENTRY_BYTES });
        }
        let graph = kind.graph().map(Arc::from);
        Ok(Self { kind: kind.name(), snapshot: graph.is_some(), graph, wall: time.0, json })
    }
}

/// How much of the buffer is kept: enough for what is written often.
const KEPT: usize = 64 << 10;

thread_local! {
    /// Where JSON grows before its size is known; one for all sessions of a thread.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

fn json(value: &impl Serialize) -> Result<Arc<str>, serde_json::Error> {
    let mut buffer = BUFFER.take();
    buffer.clear();
    serde_json::to_writer(&mut buffer, value)?;
    let json = str::from_utf8(&buffer).map_err(serde::ser::Error::custom)?.into();
    if buffer.capacity() <= KEPT {
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
    fn what_is_noted_reads_back_as_the_entry_of_its_name() {
        let (document, patch) = (Document::new(), Patch::Set(json!(7)));
        let (written, read) = (snapshot(&document), Box::new(snapshot(document.clone())));
        let (step, attempt, node) = (3, 1, "ask");
        for (noted, kind) in [
            (
                Noted::SessionCreated { snapshot: &written },
                EntryKind::SessionCreated { parent: None, snapshot: read.clone() },
            ),
            (Noted::Snapshot(&written), EntryKind::Snapshot(read)),
            (Noted::StepStarted { step, node }, EntryKind::StepStarted { step, node: node.into() }),
            (
                Noted::Item { step, node, attempt, item: &document },
                EntryKind::Item { step, node: node.into(), attempt, item: json!({}) },
            ),
            (
                Noted::StepCommitted {
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
            let draft = Draft::of(&noted, time).unwrap();
            assert_eq!(draft, Draft::new(&entry).unwrap());
            assert_eq!(Entry::from_json(&draft.json).unwrap(), entry);
        }
    }

    #[test]
    fn a_state_that_is_no_object_is_no_snapshot() {
        let state = snapshot(Fields::fields(&[0_u8; 0]));
        let error = Draft::of(&Noted::Snapshot(&state), Time(0, 0)).unwrap_err().to_string();
        let reason = "serde does not write it as an object";
        assert_eq!(error, format!("the state cannot be recorded: {reason}"));
    }
}
