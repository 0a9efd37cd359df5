//! What readers are told: the entries of the log, without what is nobody's business.

use crate::{json::MAX_SAFE, text::first_line};
use burdock::{
    Graph, State,
    graph::Next,
    log::{CauseRecord, Cursor, Entry, EntryKind, FailureRecord},
    state::{FieldInfo, Patch},
};
use serde::Serialize;
use serde_json::Value;

/// Something that happened in a session, as it stands behind `data:` in an event stream.
///
/// There, integers beyond ±(2^53 − 1) in items and patches are strings, because JavaScript rounds them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A run began.
    RunStarted {
        /// Its number in the session, from 1.
        run: u64,
        /// Where it begins.
        node: String,
        /// Its public inputs: those with `#[public]` in the graph.
        inputs: serde_json::Map<String, Value>,
        /// What the user said, in a chat.
        #[serde(skip_serializing_if = "Option::is_none")]
        prompt: Option<String>,
    },
    /// An unfinished run goes on.
    RunResumed {
        /// Where.
        node: String,
    },
    /// A step began.
    StepStarted {
        /// Its number in the session, from 0.
        step: u64,
        /// The node.
        node: String,
    },
    /// The action yielded an item.
    Item {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// The number of the attempt, from 1.
        attempt: u32,
        /// The item; in a chat its text stands instead.
        #[serde(skip_serializing_if = "Option::is_none")]
        item: Option<Value>,
        /// What it adds to the answer, in a chat.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// The last items of this step and node do not count any more.
    ItemsSuperseded {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// How many.
        items: u64,
    },
    /// An attempt failed and another one follows.
    AttemptFailed {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// Why.
        error: String,
        /// How long the run waits before the next attempt, in milliseconds.
        retry_in: u64,
    },
    /// The step failed after its retries.
    StepFailed {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// Why.
        error: String,
        /// Where its `on error` edge leads, if it has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<Next<String>>,
    },
    /// The step was committed.
    StepCommitted {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// The number of the attempt that succeeded, from 1.
        attempt: u32,
        /// What follows.
        next: Next<String>,
        /// What changed in the public fields, by their keys.
        patches: serde_json::Map<String, Value>,
    },
    /// The run came to a `pause`.
    RunPaused {
        /// Where the next run begins.
        node: String,
    },
    /// The run came to an `end`, and the session with it.
    RunEnded,
    /// The run was halted.
    RunHalted {
        /// Where it goes on.
        node: String,
    },
    /// The run was stopped.
    RunStopped {
        /// Where it goes on.
        node: String,
    },
    /// The run ended with an error.
    RunFailed {
        /// Where it goes on.
        node: String,
        /// Why.
        error: String,
    },
    /// The run was dropped, or did not finish in time after a stop.
    RunCancelled {
        /// Where it goes on.
        node: String,
    },
    /// A session that had ended was put at its start.
    SessionReopened {
        /// The start.
        node: String,
    },
    /// What the reader saw behind an entry is gone: it had run ahead of the disk in a crash.
    Rewound {
        /// The last entry that still stands, if any does.
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    /// The server ends the stream; the reader goes on from the last id.
    Error {
        /// What for, in one word.
        code: &'static str,
        /// What for, in a sentence.
        detail: String,
    },
}

/// An event with its place and its time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stamped {
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// When, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
}

impl Event {
    /// Whether a run is over with it.
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::RunPaused { .. }
                | Self::RunEnded
                | Self::RunHalted { .. }
                | Self::RunStopped { .. }
                | Self::RunFailed { .. }
                | Self::RunCancelled { .. }
        )
    }

    /// Whether a run begins or goes on with it.
    pub fn is_beginning(&self) -> bool {
        matches!(self, Self::RunStarted { .. } | Self::RunResumed { .. })
    }

    /// What a reader is told when its cursor is not where the session is any more.
    pub(crate) fn rewound(to: Option<Cursor>) -> Self {
        Self::Rewound { to: to.map(|cursor| cursor.to_string()) }
    }
}

/// What a stream tells of the inputs and the items of a graph.
pub(crate) trait Telling: Send + Sync + 'static {
    /// What a run was asked, from its inputs.
    fn prompt(&self, inputs: Value) -> Option<String>;

    /// An item, as it is told: its JSON, or its text; `None` leaves it out.
    fn item(&self, item: Value) -> Option<(Option<Value>, Option<String>)>;
}

/// Tells items as they are.
pub(crate) struct Plainly;

impl Telling for Plainly {
    fn prompt(&self, _: Value) -> Option<String> {
        None
    }

    fn item(&self, item: Value) -> Option<(Option<Value>, Option<String>)> {
        Some((Some(item), None))
    }
}

/// What is told of an entry; `None` for one that is a matter of the log alone.
pub(crate) fn tell<G: Graph>(entry: Entry, telling: &dyn Telling) -> Option<Stamped> {
    let at = Some(entry.time.0);
    let event = match entry.kind {
        EntryKind::SessionCreated { .. } | EntryKind::Snapshot(_) => return None,
        EntryKind::RunStarted { run, node, inputs } => {
            let public = public_inputs::<G>(&inputs);
            Event::RunStarted { run, node, inputs: public, prompt: telling.prompt(inputs) }
        }
        EntryKind::RunResumed { node } => Event::RunResumed { node },
        EntryKind::StepStarted { step, node } => Event::StepStarted { step, node },
        EntryKind::Item { step, node, attempt, item } => {
            let (item, text) = telling.item(item)?;
            Event::Item { step, node, attempt, item, text }
        }
        EntryKind::ItemsSuperseded { step, node, items } => {
            Event::ItemsSuperseded { step, node, items }
        }
        EntryKind::AttemptFailed { step, failure, retry_in } => {
            let error = cause(&failure);
            // a number also where the log has that of a wait without end
            Event::AttemptFailed {
                step,
                node: failure.node,
                error,
                retry_in: retry_in.min(MAX_SAFE),
            }
        }
        EntryKind::StepFailed { step, failure, next } => {
            let error = cause(&failure);
            Event::StepFailed { step, node: failure.node, error, next }
        }
        EntryKind::StepCommitted { step, node, attempt, patches, next } => {
            Event::StepCommitted { step, node, attempt, next, patches: public::<G>(patches) }
        }
        EntryKind::RunPaused { node } => Event::RunPaused { node },
        EntryKind::RunEnded => Event::RunEnded,
        EntryKind::RunHalted { node } => Event::RunHalted { node },
        EntryKind::RunStopped { node } => Event::RunStopped { node },
        EntryKind::RunFailed { node, error } => Event::RunFailed { node, error: reason(&error) },
        EntryKind::RunCancelled { node } => Event::RunCancelled { node },
        EntryKind::SessionReopened { node } => Event::SessionReopened { node },
    };
    Some(Stamped { event, at })
}

/// The public fields of a graph's state.
pub(crate) fn public_fields<G: Graph>() -> impl Iterator<Item = &'static FieldInfo> {
    <G::State as State>::FIELDS.iter().filter(|field| field.public)
}

/// The inputs of a run that readers may see; an input that was left out is not there.
fn public_inputs<G: Graph>(inputs: &Value) -> serde_json::Map<String, Value> {
    let public = G::TOPOLOGY.inputs.iter().filter(|input| input.public);
    public.filter_map(|input| Some((input.name.into(), inputs.get(input.name)?.clone()))).collect()
}

fn public<G: Graph>(patches: Vec<(String, Patch)>) -> serde_json::Map<String, Value> {
    let shown = |(key, patch): (String, Patch)| {
        public_fields::<G>().find(|field| field.key == key)?;
        Some((key, serde_json::to_value(patch).ok()?))
    };
    patches.into_iter().filter_map(shown).collect()
}

/// Returns why a step failed: the first line of the action's error, and nothing of its causes.
fn cause(failure: &FailureRecord) -> String {
    match &failure.cause {
        CauseRecord::Error { messages, .. } => {
            first_line(messages.first().map_or("", String::as_str))
        }
        CauseRecord::Panic(_) => "the action panicked".into(),
        CauseRecord::Timeout(after) => format!("the action took longer than {after} ms"),
        CauseRecord::UnsetSlot(_) | CauseRecord::MissingInput(_) => {
            "the action lacks something that it needs".into()
        }
    }
}

/// Returns why a run failed. The first message names the node, the second is the action's error.
fn reason(error: &[String]) -> String {
    match error {
        [first, second, ..] if first.starts_with("node `") && !first.contains(" panicked") => {
            first_line(second)
        }
        [first, ..] if first.contains(" panicked") => "the action panicked".into(),
        [first, ..] => first_line(first),
        [] => "the run failed".into(),
    }
}
