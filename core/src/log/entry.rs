//! The entries of a log as plain data, which can be read without the types of the program that wrote it.

use super::{Offset, SessionId};
use crate::{
    names,
    progress::{Next, Position},
    state::{Document, Patch},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

/// The format of the entries that this version writes.
pub const FORMAT: u32 = 2;

/// One entry of a session.
///
/// In JSON: `{"v":1,"at":[wall, session],"entry":{"kind":{…}}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// The format, [`FORMAT`] or lower.
    #[serde(rename = "v")]
    pub format: u32,
    /// When it was created.
    #[serde(rename = "at")]
    pub time: Time,
    /// Its place in a tree of parallel branches. Always empty, because there are no parallel branches yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branch: Vec<u32>,
    /// The recorded event.
    #[serde(rename = "entry")]
    pub kind: EntryKind,
}

/// The time of an entry: milliseconds of wall-clock time and microseconds of session time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Time(
    /// Milliseconds since 1970 by the clock of the machine, which may jump.
    pub u64,
    /// Microseconds since the session was created, which never go back. The time during which no process had
    /// the session open is measured by the wall clock.
    pub u64,
);

impl Time {
    /// Returns the time since 1970.
    pub fn wall(self) -> Duration {
        Duration::from_millis(self.0)
    }

    /// Returns the time since the session was created.
    pub fn since_start(self) -> Duration {
        Duration::from_micros(self.1)
    }
}

/// The kind of an entry, with its data.
///
/// Later versions may have more kinds and more fields. Code that creates a kind outside of a run, such as a test of
/// a log, deserializes it: `{"run_paused":{"node":"ask"}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntryKind {
    /// The session was created. Always at offset 0.
    #[non_exhaustive]
    SessionCreated {
        /// The entry from which the session was forked. `None` if it is not a fork.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<Parent>,
        /// The call that started the session. `None` if it is not a child. Since format 2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        child_of: Option<ChildOf>,
        /// The session at its start.
        snapshot: Box<Snapshot>,
    },
    /// A run started: at a rest or, for a restart, at the node where the unfinished run had started.
    #[non_exhaustive]
    RunStarted {
        /// The number of the run in the session, from 1.
        run: u64,
        /// The node at which it starts.
        node: String,
        /// The inputs.
        inputs: Value,
    },
    /// An unfinished run was resumed.
    #[non_exhaustive]
    RunResumed {
        /// The node at which it continues.
        node: String,
    },
    /// A step started.
    #[non_exhaustive]
    StepStarted {
        /// Its number in the session, from 0.
        step: u64,
        /// The node.
        node: String,
    },
    /// The action yielded an item.
    #[non_exhaustive]
    Item {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// The number of the attempt, from 1.
        attempt: u32,
        /// The item.
        item: Value,
    },
    /// The items that this step has shown are superseded: they no longer count.
    #[non_exhaustive]
    ItemsSuperseded {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// The number of superseded items in the log. A reader that received fewer of them, because one was
        /// stored and never shown, discards those that it received.
        items: u64,
    },
    /// An action made a call, whose result another attempt at the step does not compute again. Since format 2.
    #[non_exhaustive]
    CallRecorded {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// The number of the attempt, from 1.
        attempt: u32,
        /// The key of the call in the step.
        key: String,
        /// The kind of the call.
        kind: CallKind,
        /// The result.
        result: Value,
    },
    /// An action started the run of a child, which another attempt at the step continues. Since format 2.
    #[non_exhaustive]
    ChildStarted {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// The number of the attempt, from 1.
        attempt: u32,
        /// The key of the child in the step.
        key: String,
        /// The name of its graph.
        graph: String,
        /// The session of the child. An earlier one under the same key was discarded.
        #[serde(deserialize_with = "SessionId::deserialize_stored")]
        session: SessionId,
        /// The hash of its inputs and its initial state.
        inputs: String,
    },
    /// The run of a child ended, and another attempt at the step does not run it again. Since format 2.
    #[non_exhaustive]
    ChildEnded {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// The key of the child in the step.
        key: String,
        /// The end of its run.
        end: ChildEnd,
    },
    /// An attempt failed, and another one follows.
    #[non_exhaustive]
    AttemptFailed {
        /// The number of the step.
        step: u64,
        /// The failure.
        failure: FailureRecord,
        /// The delay before the next attempt, in milliseconds.
        retry_in: u64,
    },
    /// The step failed after its retries.
    #[non_exhaustive]
    StepFailed {
        /// The number of the step.
        step: u64,
        /// The failure.
        failure: FailureRecord,
        /// The target of the node's `on error` edge. `None` if it has none.
        next: Option<Next<String>>,
    },
    /// The step was committed.
    #[non_exhaustive]
    StepCommitted {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// The number of the attempt that succeeded, from 1.
        attempt: u32,
        /// The changes of the fields, by the names that serde gives them.
        patches: Vec<(String, Patch)>,
        /// The transition that follows.
        next: Next<String>,
    },
    /// The run reached a `pause`.
    #[non_exhaustive]
    RunPaused {
        /// The node at which the next run starts.
        node: String,
    },
    /// The run reached an `end`, and the session has ended.
    RunEnded,
    /// The run was halted by its caller.
    #[non_exhaustive]
    RunHalted {
        /// The node at which it continues.
        node: String,
    },
    /// The run was stopped.
    #[non_exhaustive]
    RunStopped {
        /// The node at which it continues.
        node: String,
    },
    /// The run ended with an error.
    #[non_exhaustive]
    RunFailed {
        /// The node at which it continues.
        node: String,
        /// The error and its sources.
        error: Vec<String>,
    },
    /// The run was dropped, or did not finish in time after a stop.
    #[non_exhaustive]
    RunCancelled {
        /// The node at which it continues.
        node: String,
    },
    /// A session that had ended was reopened at the start of the graph.
    #[non_exhaustive]
    SessionReopened {
        /// The start node.
        node: String,
    },
    /// The session after all earlier entries.
    Snapshot(Box<Snapshot>),
}

/// A session at one point, as an entry of its log: opening the session reads this entry and those after it.
///
/// A [`RawSessionView`](super::RawSessionView) contains the snapshot of the session after any entry, in JSON as
/// well; a [`SessionView`](crate::run::SessionView) is the same in the types of the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Snapshot<S = Document> {
    /// The graph that wrote it.
    pub graph: GraphMark,
    /// The version of the state; see `#[state(version = …)]`.
    pub version: u32,
    /// The state.
    pub state: S,
    /// The position of the session.
    pub position: Position<String>,
    /// The number of steps that were committed.
    pub step: u64,
    /// The number of runs that were started.
    pub run: u64,
    /// The unfinished run. `None` at rest and at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<UnfinishedRun>,
    /// The failure that the last `on error` edge passes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureRecord>,
}

/// A run without an outcome yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UnfinishedRun {
    /// The node at which it started.
    pub origin: String,
    /// The failure that an `on error` edge passed on to that node, across a pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_failure: Option<FailureRecord>,
    /// Its inputs.
    pub inputs: Value,
    /// The number of items that the current step has shown and that no commit covers.
    pub shown: u64,
    /// The calls of the current step, by their keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub calls: BTreeMap<String, CallRecord>,
}

/// A call of the current step, as another attempt at the step finds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallRecord {
    /// The result of [`Context::once`](crate::Context::once).
    Once(Value),
    /// The result of a transaction of a log that stores its sessions in a database of the program.
    Transaction(Value),
    /// A child.
    Child(Box<ChildRecord>),
}

/// The kind of a [`CallRecorded`](EntryKind::CallRecorded) entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallKind {
    /// [`Context::once`](crate::Context::once).
    Once,
    /// A transaction of a log that stores its sessions in a database of the program.
    Transaction,
}

/// A child of the current step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChildRecord {
    /// The name of its graph.
    pub graph: String,
    /// Its session.
    #[serde(deserialize_with = "SessionId::deserialize_stored")]
    pub session: SessionId,
    /// The hash of its inputs and its initial state.
    pub inputs: String,
    /// The end of its run. `None` if it is unfinished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<ChildEnd>,
}

/// The end of the run of a child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChildEnd {
    /// Its position: at rest after a `pause`, or ended.
    pub position: Position<String>,
    /// The version of its state.
    pub version: u32,
    /// Its state.
    pub state: Document,
}

/// The call that started the session of a child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChildOf {
    /// The session of the parent.
    #[serde(deserialize_with = "SessionId::deserialize_stored")]
    pub session: SessionId,
    /// The number of the step in the parent.
    pub step: u64,
    /// The node.
    pub node: String,
    /// The key of the child in the step.
    pub key: String,
}

/// The identity of the graph that wrote a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GraphMark {
    /// The graph's name.
    pub name: String,
    /// The hash of its topology, in hexadecimal digits.
    pub hash: String,
}

/// The origin of a fork.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Parent {
    /// The session that was forked.
    #[serde(deserialize_with = "SessionId::deserialize_stored")]
    pub session: SessionId,
    /// The last entry that the fork has in common with it.
    pub offset: Offset,
}

/// The failure of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FailureRecord {
    /// The node.
    pub node: String,
    /// The number of attempts.
    pub attempts: u32,
    /// The cause.
    pub cause: CauseRecord,
}

/// The cause of a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CauseRecord {
    /// The action returned an error.
    #[non_exhaustive]
    Error {
        /// Its message, then those of its sources.
        messages: Vec<String>,
        /// Whether another attempt may help.
        retryable: bool,
    },
    /// The action panicked with this message.
    Panic(String),
    /// The action took longer than this, in milliseconds.
    Timeout(u64),
    /// The slot with this name had no value.
    UnsetSlot(String),
    /// The input with this name was missing.
    MissingInput(String),
}

impl EntryKind {
    /// Returns the name of the kind, as in the JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SessionCreated { .. } => names::SESSION_CREATED,
            Self::RunStarted { .. } => names::RUN_STARTED,
            Self::RunResumed { .. } => names::RUN_RESUMED,
            Self::StepStarted { .. } => names::STEP_STARTED,
            Self::Item { .. } => names::ITEM,
            Self::ItemsSuperseded { .. } => names::ITEMS_SUPERSEDED,
            Self::CallRecorded { .. } => names::CALL_RECORDED,
            Self::ChildStarted { .. } => names::CHILD_STARTED,
            Self::ChildEnded { .. } => names::CHILD_ENDED,
            Self::AttemptFailed { .. } => names::ATTEMPT_FAILED,
            Self::StepFailed { .. } => names::STEP_FAILED,
            Self::StepCommitted { .. } => names::STEP_COMMITTED,
            Self::RunPaused { .. } => names::RUN_PAUSED,
            Self::RunEnded => names::RUN_ENDED,
            Self::RunHalted { .. } => names::RUN_HALTED,
            Self::RunStopped { .. } => names::RUN_STOPPED,
            Self::RunFailed { .. } => names::RUN_FAILED,
            Self::RunCancelled { .. } => names::RUN_CANCELLED,
            Self::SessionReopened { .. } => names::SESSION_REOPENED,
            Self::Snapshot(_) => names::SNAPSHOT,
        }
    }

    /// Returns the snapshot that the entry contains, if any.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Self::SessionCreated { snapshot, .. } | Self::Snapshot(snapshot) => Some(snapshot),
            _ => None,
        }
    }
}

impl Snapshot {
    /// Returns the snapshot of a session in which no run has been started.
    pub fn new(
        graph: GraphMark,
        version: u32,
        state: Document,
        position: Position<String>,
    ) -> Self {
        let (step, run, unfinished, failure) = (0, 0, None, None);
        Self { graph, version, state, position, step, run, unfinished, failure }
    }
}

impl UnfinishedRun {
    /// Returns a run that was started at `origin` and whose current step has shown no items.
    pub fn new(origin: impl Into<String>, inputs: Value) -> Self {
        let (origin_failure, shown, calls) = (None, 0, BTreeMap::new());
        Self { origin: origin.into(), origin_failure, inputs, shown, calls }
    }
}

impl CallRecord {
    /// Returns the record of a call with this result.
    pub fn of(kind: CallKind, result: Value) -> Self {
        match kind {
            CallKind::Once => Self::Once(result),
            CallKind::Transaction => Self::Transaction(result),
        }
    }

    /// Returns the kind of the call, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Once(_) => "once",
            Self::Transaction(_) => "transaction",
            Self::Child(_) => "child",
        }
    }

    /// Returns the record of a child that has started.
    pub(crate) fn child(graph: impl Into<String>, session: SessionId, inputs: String) -> Self {
        Self::Child(Box::new(ChildRecord { graph: graph.into(), session, inputs, end: None }))
    }

    /// Returns the child; `None` for a call of another kind.
    pub fn as_child(&self) -> Option<&ChildRecord> {
        match self {
            Self::Child(child) => Some(child),
            Self::Once(_) | Self::Transaction(_) => None,
        }
    }

    /// Returns the result; `None` for a child.
    pub fn result(&self) -> Option<&Value> {
        match self {
            Self::Once(result) | Self::Transaction(result) => Some(result),
            Self::Child(_) => None,
        }
    }

    pub(crate) fn result_mut(&mut self) -> Option<&mut Value> {
        match self {
            Self::Once(result) | Self::Transaction(result) => Some(result),
            Self::Child(_) => None,
        }
    }

    pub(super) fn as_child_mut(&mut self) -> Option<&mut ChildRecord> {
        match self {
            Self::Child(child) => Some(child),
            Self::Once(_) | Self::Transaction(_) => None,
        }
    }
}

impl GraphMark {
    /// Returns the mark of a graph with this name and topology hash.
    pub fn new(name: impl Into<String>, hash: impl Into<String>) -> Self {
        Self { name: name.into(), hash: hash.into() }
    }
}

impl FailureRecord {
    /// Returns the record of a step of `node` that failed after this number of attempts.
    pub fn new(node: impl Into<String>, attempts: u32, cause: CauseRecord) -> Self {
        Self { node: node.into(), attempts, cause }
    }
}

impl Entry {
    /// Returns an entry of the current [`FORMAT`].
    pub fn new(time: Time, kind: EntryKind) -> Self {
        Self { format: FORMAT, time, branch: Vec::new(), kind }
    }

    /// Parses the JSON of an entry.
    ///
    /// # Errors
    /// Returns an error if a newer version of burdock wrote the entry, or if the JSON is not an entry.
    pub fn from_json(json: &str) -> Result<Self, EntryError> {
        #[derive(Deserialize)]
        struct Head {
            v: u32,
        }
        match serde_json::from_str::<Self>(json) {
            Ok(entry) if entry.format <= FORMAT => Ok(entry),
            result => match (serde_json::from_str::<Head>(json), result) {
                (Ok(Head { v }), _) if v > FORMAT => Err(EntryError::NewerFormat { found: v }),
                (_, Err(error)) => Err(EntryError::Malformed { reason: error.to_string() }),
                (_, Ok(entry)) => Ok(entry),
            },
        }
    }
}

/// An error of [`Entry::from_json`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// A newer version of burdock wrote the entry.
    #[error("it has format {found}, and this program knows formats up to {FORMAT}")]
    NewerFormat {
        /// The format of the entry.
        found: u32,
    },
    /// The JSON is not an entry.
    #[error("invalid entry: {reason}")]
    Malformed {
        /// The message of serde.
        reason: String,
    },
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use serde_json::json;

    /// Returns the names of the variants, from serde's error about an unknown one.
    fn names_of_serde() -> Vec<String> {
        let error = serde_json::from_value::<EntryKind>(json!("?")).unwrap_err().to_string();
        let (_, expected) = error.split_once("expected one of ").unwrap();
        expected.split(", ").map(|name| name.trim_matches('`').to_owned()).collect()
    }

    #[test]
    fn name_of_each_kind_is_the_name_in_its_json() {
        let (mark, position) = (GraphMark::new("Chat", "00"), Position::Rest("ask".into()));
        let snapshot = Snapshot::new(mark, 1, Document::new(), position);
        let failure = FailureRecord::new("ask", 1, CauseRecord::Timeout(1));
        let placed = json!({ "node": "ask" });
        let samples = [
            json!({ "session_created": { "snapshot": snapshot } }),
            json!({ "run_started": { "run": 1, "node": "ask", "inputs": {} } }),
            json!({ "run_resumed": placed }),
            json!({ "step_started": { "step": 0, "node": "ask" } }),
            json!({ "item": { "step": 0, "node": "ask", "attempt": 1, "item": 7 } }),
            json!({ "items_superseded": { "step": 0, "node": "ask", "items": 1 } }),
            json!({ "call_recorded": {
                "step": 0, "node": "ask", "attempt": 1, "key": "pay", "kind": "once", "result": 7,
            } }),
            json!({ "child_started": {
                "step": 0, "node": "ask", "attempt": 1, "key": "search/a", "graph": "Search",
                "session": "~1:1.2", "inputs": "00",
            } }),
            json!({ "child_ended": {
                "step": 0, "node": "ask", "key": "search/a",
                "end": { "position": "ended", "version": 1, "state": {} },
            } }),
            json!({ "attempt_failed": { "step": 0, "failure": failure, "retry_in": 1 } }),
            json!({ "step_failed": { "step": 0, "failure": failure, "next": null } }),
            json!({ "step_committed": {
                "step": 0, "node": "ask", "attempt": 1, "patches": [], "next": "end",
            } }),
            json!({ "run_paused": placed }),
            json!("run_ended"),
            json!({ "run_halted": placed }),
            json!({ "run_stopped": placed }),
            json!({ "run_failed": { "node": "ask", "error": [] } }),
            json!({ "run_cancelled": placed }),
            json!({ "session_reopened": placed }),
            json!({ "snapshot": snapshot }),
        ];
        let kinds = samples.iter().map(|sample| EntryKind::deserialize(sample).unwrap());
        assert_eq!(kinds.map(|kind| kind.name()).collect::<Vec<_>>(), names_of_serde());
        for sample in &samples {
            let kind = EntryKind::deserialize(sample).unwrap();
            let written = serde_json::to_value(&kind).unwrap();
            let name =
                written.as_str().or_else(|| written.as_object()?.keys().next().map(String::as_str));
            assert_eq!(name, Some(kind.name()));
        }
    }
}
