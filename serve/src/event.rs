//! Events: the entries of the log, without what readers must not see.

use crate::{json::MAX_SAFE, schema, text::first_line};
use burdock::{
    Graph, State,
    graph::Next,
    log::{CauseRecord, Cursor, Entry, EntryKind},
    state::{FieldInfo, Patch},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Something that happened in a session, as readers see it.
///
/// It is the JSON after `data:` in an event stream. There, integers beyond ±(2^53 − 1) in items and patches are
/// strings, because JavaScript rounds them. Later versions may have more events and more fields.
///
/// [`Error`](Self::Error) is for clients; the program's own code receives a [`SessionError`](crate::SessionError).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A run began.
    #[non_exhaustive]
    RunStarted {
        /// Its number in the session, from 1.
        run: u64,
        /// Where it begins.
        node: String,
        /// Its public inputs: those with `#[public]` in the graph.
        #[schemars(with = "schema::PublicInputs")]
        inputs: serde_json::Map<String, Value>,
        /// What the user said, in a chat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "String")]
        prompt: Option<String>,
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
        /// The item; in a chat its text stands instead.
        #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "schema::Item")]
        item: Option<Value>,
        /// What it adds to the answer, in a chat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "String")]
        text: Option<String>,
    },
    /// The last items of this step and node do not count any more.
    #[non_exhaustive]
    ItemsSuperseded {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// How many.
        items: u64,
    },
    /// An attempt failed and another one follows.
    #[non_exhaustive]
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
    #[non_exhaustive]
    StepFailed {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// Why.
        error: String,
        /// Where its `on error` edge leads, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Next<schema::Node>")]
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
        /// What follows.
        #[schemars(with = "Next<schema::Node>")]
        next: Next<String>,
        /// What changed in the public fields, by their keys.
        #[schemars(with = "schema::Patches")]
        patches: serde_json::Map<String, Value>,
    },
    /// The run came to a `pause`.
    #[non_exhaustive]
    RunPaused {
        /// Where the next run begins.
        node: String,
    },
    /// The run came to an `end`, and the session with it.
    RunEnded,
    /// The run was halted.
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
        /// Why.
        error: String,
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
    /// What the reader saw behind an entry is gone: it had run ahead of the disk in a crash.
    #[non_exhaustive]
    Rewound {
        /// The last entry that still stands, if any does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "schema::Cursor")]
        to: Option<String>,
    },
    /// The server ends the stream; the reader goes on from the last id.
    #[non_exhaustive]
    Error {
        /// What for, in one word.
        code: String,
        /// What for, in a sentence.
        detail: String,
    },
}

/// An event with its place in the session and its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Event")]
#[non_exhaustive]
pub struct SessionEvent {
    /// The cursor to follow from in order to receive what comes after this event; `None` is the beginning of
    /// the session. In an event stream it is the `id`, not a part of the JSON.
    #[serde(skip)]
    pub cursor: Option<Cursor>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// When, in milliseconds since 1970; `None` for what is not an entry of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub at: Option<u64>,
}

/// Reads an item that is there, also if it is `null`.
fn some<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
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

    /// The event for a reader whose cursor is no longer in the session.
    pub(crate) fn rewound(to: Option<Cursor>) -> Self {
        Self::Rewound { to: to.map(|cursor| cursor.to_string()) }
    }
}

/// Which form inputs and items have in an event stream.
pub(crate) trait EventProjection: Send + Sync + 'static {
    /// Returns what a run was asked, from its inputs.
    fn prompt(&self, inputs: Value) -> Option<String>;

    /// Returns an item as JSON or as text; `None` keeps it from readers.
    fn item(&self, item: Value) -> Option<(Option<Value>, Option<String>)>;
}

/// Items as they are.
pub(crate) struct JsonItems;

impl EventProjection for JsonItems {
    fn prompt(&self, _: Value) -> Option<String> {
        None
    }

    fn item(&self, item: Value) -> Option<(Option<Value>, Option<String>)> {
        Some((Some(item), None))
    }
}

/// Turns the records of one session, in their order, into events.
pub(crate) struct Projector {
    items: Arc<dyn EventProjection>,
    project: fn(Entry, &dyn EventProjection, Option<String>) -> Option<SessionEvent>,
    /// Why the last step failed, if it ended its run; the entry of the run's end follows.
    failed: Option<String>,
}

impl Projector {
    pub(crate) fn new<G: Graph>(items: Arc<dyn EventProjection>) -> Self {
        Self { items, project: project::<G>, failed: None }
    }

    /// Notes the entry that a reader saw last.
    pub(crate) fn seen(&mut self, entry: &EntryKind) {
        match entry {
            EntryKind::StepFailed { failure, next: None, .. } => {
                self.failed = Some(reason(&failure.cause));
            }
            EntryKind::Snapshot(_) | EntryKind::SessionCreated { .. } => {}
            _ => self.failed = None,
        }
    }

    /// Forgets what came before: the reader continues elsewhere.
    pub(crate) fn rewind(&mut self) {
        self.failed = None;
    }

    pub(crate) fn project(&mut self, cursor: Cursor, entry: Entry) -> Option<SessionEvent> {
        let failed = self.failed.clone();
        self.seen(&entry.kind);
        let projected = (self.project)(entry, &*self.items, failed)?;
        Some(SessionEvent { cursor: Some(cursor), ..projected })
    }
}

/// Returns the event of an entry; `None` for one that concerns the log alone. `failed` is why the step failed
/// that ended the run.
pub(crate) fn project<G: Graph>(
    entry: Entry,
    items: &dyn EventProjection,
    failed: Option<String>,
) -> Option<SessionEvent> {
    let at = Some(entry.time.0);
    let event = match entry.kind {
        EntryKind::RunStarted { run, node, inputs, .. } => {
            let public = public_inputs::<G>(&inputs);
            Event::RunStarted { run, node, inputs: public, prompt: items.prompt(inputs) }
        }
        EntryKind::RunResumed { node, .. } => Event::RunResumed { node },
        EntryKind::StepStarted { step, node, .. } => Event::StepStarted { step, node },
        EntryKind::Item { step, node, attempt, item, .. } => {
            let (item, text) = items.item(item)?;
            Event::Item { step, node, attempt, item, text }
        }
        EntryKind::ItemsSuperseded { step, node, items, .. } => {
            Event::ItemsSuperseded { step, node, items }
        }
        EntryKind::AttemptFailed { step, failure, retry_in, .. } => {
            let error = reason(&failure.cause);
            // a number also where the log has that of a wait without end
            let retry_in = retry_in.min(MAX_SAFE);
            Event::AttemptFailed { step, node: failure.node, error, retry_in }
        }
        EntryKind::StepFailed { step, failure, next, .. } => {
            let error = reason(&failure.cause);
            Event::StepFailed { step, node: failure.node, error, next }
        }
        EntryKind::StepCommitted { step, node, attempt, patches, next, .. } => {
            Event::StepCommitted { step, node, attempt, next, patches: public::<G>(patches) }
        }
        EntryKind::RunPaused { node, .. } => Event::RunPaused { node },
        EntryKind::RunEnded => Event::RunEnded,
        EntryKind::RunHalted { node, .. } => Event::RunHalted { node },
        EntryKind::RunStopped { node, .. } => Event::RunStopped { node },
        EntryKind::RunFailed { node, .. } => {
            // its texts are those of an error and its sources, whatever that was: not for readers
            let error = failed.unwrap_or_else(|| RUN_FAILED.to_owned());
            Event::RunFailed { node, error }
        }
        EntryKind::RunCancelled { node, .. } => Event::RunCancelled { node },
        EntryKind::SessionReopened { node, .. } => Event::SessionReopened { node },
        // snapshots repeat what readers know; and of a kind that this crate does not know, it is not known what
        // readers may see
        _ => return None,
    };
    Some(SessionEvent { cursor: None, event, at })
}

/// What readers see of a run that did not fail in a step, for instance because of its log.
const RUN_FAILED: &str = "the run failed; details are in the server's trace output";

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

/// Returns what readers may see of why a step failed: of an error of the action its first line, and nothing of
/// its sources.
fn reason(cause: &CauseRecord) -> String {
    match cause {
        CauseRecord::Error { messages, .. } => {
            first_line(messages.first().map_or("", String::as_str))
        }
        CauseRecord::Panic(_) => "the action panicked".into(),
        CauseRecord::Timeout(after) => format!("the action took longer than {after} ms"),
        CauseRecord::UnsetSlot(_) | CauseRecord::MissingInput(_) => {
            "the action lacks something that it needs".into()
        }
        // a cause that burdock has and this crate does not know yet: its text may not be for readers
        _ => "the action failed".into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use burdock::{
        log::{Epoch, FailureRecord, Offset, Time},
        prelude::*,
    };
    use serde_json::json;

    #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    struct Counter {
        steps: u64,
    }

    #[action(state = Counter, reads(steps), writes(steps))]
    async fn count(counter: Reads<'_>) -> Result<Writes> {
        Ok(Writes { steps: counter.steps + 1 })
    }

    graph! {
        Counting(Counter) {
            nodes { count }
            start count;
            count -> pause;
        }
    }

    fn kind(json: &Value) -> EntryKind {
        EntryKind::deserialize(json).unwrap()
    }

    fn failed_step(cause: CauseRecord, next: Option<&Next<String>>) -> EntryKind {
        let failure = FailureRecord::new("count", 1, cause);
        kind(&json!({ "step_failed": { "step": 0, "failure": failure, "next": next } }))
    }

    fn failed_run() -> EntryKind {
        let error = ["node `count` failed", "a secret"];
        kind(&json!({ "run_failed": { "node": "count", "error": error } }))
    }

    /// Returns the error of the last event.
    fn error_of(entries: &[EntryKind]) -> String {
        let mut projector = Projector::new::<Counting>(Arc::new(JsonItems));
        let cursor = Cursor { epoch: Epoch(1), offset: Offset::ZERO };
        let project = |kind: &EntryKind| {
            let kind = kind.clone();
            projector.project(cursor, Entry::new(Time(1, 1), kind))
        };
        match entries.iter().map(project).last().flatten().unwrap().event {
            Event::RunFailed { error, .. } => error,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn reason_of_a_failed_run_is_that_of_its_step_and_never_its_text() {
        let messages = ["the line is dead\nat 10.0.0.1", "a cause"];
        let error = json!({ "error": { "messages": messages, "retryable": false } });
        let error = || CauseRecord::deserialize(&error).unwrap();
        let panic = CauseRecord::Panic("a secret".into());
        let resumed = kind(&json!({ "run_resumed": { "node": "count" } }));
        let on_error = Some(Next::Node("count".into()));
        for (entries, reason) in [
            (vec![failed_step(error(), None), failed_run()], "the line is dead"),
            (vec![failed_step(panic, None), failed_run()], "the action panicked"),
            (vec![failed_run()], RUN_FAILED),
            (vec![failed_step(error(), on_error.as_ref()), failed_run()], RUN_FAILED),
            (vec![failed_step(error(), None), resumed, failed_run()], RUN_FAILED),
        ] {
            assert_eq!(error_of(&entries), reason, "{entries:?}");
        }
    }
}
