//! What a log records, as plain data: it is read without the types of the program that wrote it.

use super::{Offset, SessionId};
use crate::{
    names,
    progress::{Next, Position},
    state::{Document, Patch},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// The format of the entries that this version writes.
pub const FORMAT: u32 = 1;

/// One entry of a session.
///
/// In JSON: `{"v":1,"at":[wall, session],"entry":{"kind":{…}}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// The format, [`FORMAT`] or lower.
    #[serde(rename = "v")]
    pub format: u32,
    /// When it was made.
    #[serde(rename = "at")]
    pub time: Time,
    /// Where in a tree of parallel branches it belongs; empty until there are such.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branch: Vec<u32>,
    /// What happened.
    #[serde(rename = "entry")]
    pub kind: EntryKind,
}

/// When an entry was made, in milliseconds on the wall's clock and microseconds on the session's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Time(
    /// Milliseconds since 1970 by the clock of the machine, which may jump.
    pub u64,
    /// Microseconds since the session began, which never go back. While no process had the session
    /// open, they are taken from the wall's clock.
    pub u64,
);

impl Time {
    /// Since 1970.
    pub fn wall(self) -> Duration {
        Duration::from_millis(self.0)
    }

    /// Since the session began.
    pub fn since_start(self) -> Duration {
        Duration::from_micros(self.1)
    }
}

/// What happened.
///
/// Later versions may have more kinds and more fields. Tools that need one outside of a run, such as tests of a
/// log, deserialize it: `{"run_paused":{"node":"ask"}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntryKind {
    /// The session began; always at offset 0.
    #[non_exhaustive]
    SessionCreated {
        /// Where it was forked from, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<Parent>,
        /// What it began with.
        snapshot: Box<Snapshot>,
    },
    /// A run began, at a rest or, after a restart, where the unfinished one had begun.
    #[non_exhaustive]
    RunStarted {
        /// The number of the run in the session, from 1.
        run: u64,
        /// Where it begins.
        node: String,
        /// The inputs.
        inputs: Value,
    },
    /// An unfinished run goes on.
    #[non_exhaustive]
    RunResumed {
        /// Where.
        node: String,
    },
    /// A step began.
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
    /// Items that this step has shown do not count any more.
    #[non_exhaustive]
    ItemsSuperseded {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// How many the log has. Who saw fewer of them, because one was stored and never shown,
        /// drops those.
        items: u64,
    },
    /// An attempt failed and another one follows.
    #[non_exhaustive]
    AttemptFailed {
        /// The number of the step.
        step: u64,
        /// Why.
        failure: FailureRecord,
        /// How long the run waits before the next attempt, in milliseconds.
        retry_in: u64,
    },
    /// The step failed after its retries.
    #[non_exhaustive]
    StepFailed {
        /// The number of the step.
        step: u64,
        /// Why.
        failure: FailureRecord,
        /// Where the node's `on error` edge leads, if it has one.
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
        /// What changed, by the names that serde gives the fields.
        patches: Vec<(String, Patch)>,
        /// What follows.
        next: Next<String>,
    },
    /// The run came to a `pause`.
    #[non_exhaustive]
    RunPaused {
        /// Where the next run begins.
        node: String,
    },
    /// The run came to an `end`, and the session with it.
    RunEnded,
    /// The run was halted by its caller.
    #[non_exhaustive]
    RunHalted {
        /// Where it goes on.
        node: String,
    },
    /// The run was stopped.
    #[non_exhaustive]
    RunStopped {
        /// Where it goes on.
        node: String,
    },
    /// The run ended with an error.
    #[non_exhaustive]
    RunFailed {
        /// Where it goes on.
        node: String,
        /// The error and its sources.
        error: Vec<String>,
    },
    /// The run was dropped, or did not finish in time after a stop.
    #[non_exhaustive]
    RunCancelled {
        /// Where it goes on.
        node: String,
    },
    /// A session that had ended was put at its start.
    #[non_exhaustive]
    SessionReopened {
        /// The start.
        node: String,
    },
    /// Everything that earlier entries amount to.
    Snapshot(Box<Snapshot>),
}

/// Everything that a session is after some entry: what opening it begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Snapshot<S = Document> {
    /// The graph that wrote it.
    pub graph: GraphMark,
    /// The version of the state; see `#[state(version = …)]`.
    pub version: u32,
    /// The state.
    pub state: S,
    /// Where the session is.
    pub position: Position<String>,
    /// How many steps were committed.
    pub step: u64,
    /// How many runs were begun.
    pub run: u64,
    /// The unfinished run; `None` at rest and at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<UnfinishedRun>,
    /// What the last `on error` edge passes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureRecord>,
}

/// A run that came to no outcome yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UnfinishedRun {
    /// Where it began.
    pub origin: String,
    /// What an `on error` edge passed on to there, over a pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_failure: Option<FailureRecord>,
    /// The inputs that it was given.
    pub inputs: Value,
    /// Items that the current step has shown and that no commit covers.
    pub shown: u64,
}

/// How a log names the graph that wrote a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GraphMark {
    /// The graph's name.
    pub name: String,
    /// The hash of its topology, in hexadecimal digits.
    pub hash: String,
}

/// Where a session was forked from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Parent {
    /// The session.
    pub session: SessionId,
    /// The last entry that the fork has in common with it.
    pub offset: Offset,
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FailureRecord {
    /// The node.
    pub node: String,
    /// How often the step was tried.
    pub attempts: u32,
    /// What went wrong.
    pub cause: CauseRecord,
}

/// What went wrong in a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CauseRecord {
    /// The action returned an error.
    #[non_exhaustive]
    Error {
        /// What it says, then what its sources say.
        messages: Vec<String>,
        /// Whether another attempt may help.
        retryable: bool,
    },
    /// It panicked with this message.
    Panic(String),
    /// It took longer than this, in milliseconds.
    Timeout(u64),
    /// This slot had no value.
    UnsetSlot(String),
    /// This input was not given.
    MissingInput(String),
}

impl EntryKind {
    /// The kind's name, as it stands in the JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SessionCreated { .. } => names::SESSION_CREATED,
            Self::RunStarted { .. } => names::RUN_STARTED,
            Self::RunResumed { .. } => names::RUN_RESUMED,
            Self::StepStarted { .. } => names::STEP_STARTED,
            Self::Item { .. } => names::ITEM,
            Self::ItemsSuperseded { .. } => names::ITEMS_SUPERSEDED,
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

    /// Everything that earlier entries amount to, if it says so.
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
        Self { origin: origin.into(), origin_failure: None, inputs, shown: 0 }
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

    /// Reads an entry from its JSON.
    ///
    /// # Errors
    /// What a newer burdock wrote, and what is no entry.
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

/// Why a text is no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// A newer burdock wrote it.
    #[error("it has format {found}, and this program knows formats up to {FORMAT}")]
    NewerFormat {
        /// Its format.
        found: u32,
    },
    /// It is something else.
    #[error("it is no entry: {reason}")]
    Malformed {
        /// What serde says.
        reason: String,
    },
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use serde_json::json;

    /// Returns the names that serde knows.
    fn names_of_serde() -> Vec<String> {
        let error = serde_json::from_value::<EntryKind>(json!("?")).unwrap_err().to_string();
        let (_, expected) = error.split_once("expected one of ").unwrap();
        expected.split(", ").map(|name| name.trim_matches('`').to_owned()).collect()
    }

    #[test]
    fn name_of_each_kind_is_the_one_in_its_json() {
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
