//! Events: the entries of the log, without private data.

use crate::{
    json::MAX_SAFE,
    message::{ChatCallUpdate, ChatUpdate, ChatValueUpdate},
    schema,
    text::first_line,
};
use burdock::{
    Graph,
    graph::Next,
    log::{CauseRecord, Cursor, Entry, EntryKind},
    state::{FieldInfo, Patch, StateFields},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// An event of a session, as readers receive it.
///
/// In an event stream it is the JSON after `data:`. There, integers beyond ±(2^53 − 1) in items and patches are
/// strings, because JavaScript would round them. Later versions may have more events and more fields.
///
/// Only HTTP clients receive [`Error`](Self::Error). The program's own code receives a
/// [`SessionError`](crate::SessionError) instead.
///
/// ```
/// use burdock_serve::Event;
///
/// // from `GET /sessions/{id}/events`, after `data: `
/// let data = r#"{ "type": "run_failed", "node": "pay", "error": "declined", "at": 1760000000000 }"#;
/// let event: Event = serde_json::from_str(data)?;
/// assert!(event.is_terminal());
/// let Event::RunFailed { node, error, .. } = event else { panic!("{event:?}") };
/// assert_eq!((node.as_str(), error.as_str()), ("pay", "declined"));
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A run started.
    #[non_exhaustive]
    RunStarted {
        /// Its number in the session, from 1.
        run: u64,
        /// The node at which it starts.
        node: String,
        /// Its public inputs: those with `#[public]` in the graph.
        #[schemars(with = "schema::PublicInputs")]
        inputs: serde_json::Map<String, Value>,
        /// The user's prompt, in a chat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "String")]
        prompt: Option<String>,
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
        /// The item. In a chat, `text`, `call` and `value` replace it.
        #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "schema::Item")]
        item: Option<Value>,
        /// The text that the item adds to the answer, in a chat; empty if it changes a call or a value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "String")]
        text: Option<String>,
        /// A change of a call of a tool, in a chat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "ChatCallUpdate")]
        call: Option<Box<ChatCallUpdate>>,
        /// A change of a value, in a chat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "ChatValueUpdate")]
        value: Option<Box<ChatValueUpdate>>,
    },
    /// The last items of this step and node no longer count.
    #[non_exhaustive]
    ItemsSuperseded {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// The number of these items.
        items: u64,
    },
    /// An attempt failed and will be retried.
    #[non_exhaustive]
    AttemptFailed {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// The reason.
        error: String,
        /// The delay before the next attempt, in milliseconds.
        retry_in: u64,
    },
    /// The step failed after its retries.
    #[non_exhaustive]
    StepFailed {
        /// The number of the step.
        step: u64,
        /// The node.
        node: String,
        /// The reason.
        error: String,
        /// The target of its `on error` edge, if it has one.
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
        /// The transition that follows.
        #[schemars(with = "Next<schema::Node>")]
        next: Next<String>,
        /// The changes of the public fields, by their keys.
        #[schemars(with = "schema::Patches")]
        patches: serde_json::Map<String, Value>,
    },
    /// The run reached a `pause`.
    #[non_exhaustive]
    RunPaused {
        /// The node at which the next run starts.
        node: String,
    },
    /// The run reached an `end`, which also ends the session.
    RunEnded,
    /// The run was halted.
    #[non_exhaustive]
    RunHalted {
        /// The node at which it can be resumed.
        node: String,
    },
    /// The run was stopped.
    #[non_exhaustive]
    RunStopped {
        /// The node at which it can be resumed.
        node: String,
    },
    /// The run ended with an error.
    #[non_exhaustive]
    RunFailed {
        /// The node at which it can be resumed.
        node: String,
        /// The reason.
        error: String,
    },
    /// The run was dropped, or did not finish in time after a stop.
    #[non_exhaustive]
    RunCancelled {
        /// The node at which it can be resumed.
        node: String,
    },
    /// A session that had ended was reopened.
    #[non_exhaustive]
    SessionReopened {
        /// The start node.
        node: String,
    },
    /// Entries that the reader received were lost in a crash: they were not on disk yet.
    #[non_exhaustive]
    Rewound {
        /// The last entry that the reader received and the log still has; absent if there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "schema::Cursor")]
        to: Option<String>,
    },
    /// The server ended the stream. The reader can continue from the last id.
    #[non_exhaustive]
    Error {
        /// The reason, in one word.
        code: String,
        /// The reason, in a sentence.
        detail: String,
    },
}

/// An event with its place in the session and its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Event")]
#[non_exhaustive]
pub struct SessionEvent {
    /// The cursor from which the events after this one can be followed; `None` is the start of the session. In
    /// an event stream it is the `id`, and not a part of the JSON.
    #[serde(skip)]
    pub cursor: Option<Cursor>,
    /// The event.
    #[serde(flatten)]
    pub event: Event,
    /// The time, in milliseconds since 1970; `None` for events that are not entries of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub at: Option<u64>,
}

/// Deserializes an item that is present, which may be `null`.
fn some<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Event {
    /// Returns whether a run is over with this event.
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

    /// Returns whether a run starts or is resumed with this event.
    pub fn is_start(&self) -> bool {
        matches!(self, Self::RunStarted { .. } | Self::RunResumed { .. })
    }

    /// Creates the event for a reader whose cursor is no longer in the session.
    pub(crate) fn rewound(to: Option<Cursor>) -> Self {
        Self::Rewound { to: to.map(|cursor| cursor.to_string()) }
    }
}

/// The form of inputs and items in an event stream.
pub(crate) trait EventProjection: Send + Sync + 'static {
    /// Returns the prompt of a run, from its inputs; `None` outside of chats.
    fn prompt(&self, inputs: Value) -> Option<String>;

    /// Returns an item as readers receive it; `None` hides it from them.
    fn item(&self, item: Value) -> Option<ItemParts>;
}

/// The parts of an event with an item: its JSON, or the change of an answer in a chat.
#[derive(Debug, Default)]
pub(crate) struct ItemParts {
    pub(crate) item: Option<Value>,
    pub(crate) text: Option<String>,
    pub(crate) call: Option<Box<ChatCallUpdate>>,
    pub(crate) value: Option<Box<ChatValueUpdate>>,
}

impl From<ChatUpdate> for ItemParts {
    fn from(update: ChatUpdate) -> Self {
        let text = Self { text: Some(String::new()), ..Self::default() };
        match update {
            ChatUpdate::Text(more) => Self { text: Some(more), ..text },
            ChatUpdate::Call(call) => Self { call: Some(Box::new(call)), ..text },
            ChatUpdate::Value(value) => Self { value: Some(Box::new(value)), ..text },
        }
    }
}

/// Items as their JSON.
pub(crate) struct JsonItems;

impl EventProjection for JsonItems {
    fn prompt(&self, _: Value) -> Option<String> {
        None
    }

    fn item(&self, item: Value) -> Option<ItemParts> {
        Some(ItemParts { item: Some(item), ..ItemParts::default() })
    }
}

/// Turns the records of one session, in their order, into events.
pub(crate) struct Projector {
    items: Arc<dyn EventProjection>,
    project: fn(Entry, &dyn EventProjection, Option<String>) -> Option<SessionEvent>,
    /// The reason of the last step's failure, if the failure ends the run: the entry `run_failed` follows.
    failed: Option<String>,
}

impl Projector {
    pub(crate) fn new<G: Graph>(items: Arc<dyn EventProjection>) -> Self {
        Self { items, project: project::<G>, failed: None }
    }

    /// Notes the entry before the next one to be projected.
    pub(crate) fn seen(&mut self, entry: &EntryKind) {
        match entry {
            EntryKind::StepFailed { failure, next: None, .. } => {
                self.failed = Some(reason(&failure.cause));
            }
            EntryKind::Snapshot(_) | EntryKind::SessionCreated { .. } => {}
            _ => self.failed = None,
        }
    }

    /// Resets the projector, because the reader continues at another place.
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

/// Returns the event of an entry; `None` for entries that are internal to the log. `failed` is the reason of the
/// failed step that ended the run.
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
            let ItemParts { item, text, call, value } = items.item(item)?;
            Event::Item { step, node, attempt, item, text, call, value }
        }
        EntryKind::ItemsSuperseded { step, node, items, .. } => {
            Event::ItemsSuperseded { step, node, items }
        }
        EntryKind::AttemptFailed { step, failure, retry_in, .. } => {
            let error = reason(&failure.cause);
            // an unlimited delay would be a string for JavaScript
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
            // the entry has the messages of an arbitrary error and its sources, which are not for readers
            let error = failed.unwrap_or_else(|| RUN_FAILED.to_owned());
            Event::RunFailed { node, error }
        }
        EntryKind::RunCancelled { node, .. } => Event::RunCancelled { node },
        EntryKind::SessionReopened { node, .. } => Event::SessionReopened { node },
        // snapshots repeat earlier entries, and unknown kinds may have private data
        _ => return None,
    };
    Some(SessionEvent { cursor: None, event, at })
}

/// The error of a run that failed outside of a step, for example because of its log, as readers receive it.
const RUN_FAILED: &str = "the run failed; details are in the server's trace output";

/// Returns the public fields of a graph's state.
pub(crate) fn public_fields<G: Graph>() -> impl Iterator<Item = &'static FieldInfo> {
    G::State::FIELDS.iter().filter(|field| field.public)
}

/// Returns the public inputs of a run that are present.
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

/// Returns the reason of a failed step as readers receive it: the first line of an action's error, without its
/// sources.
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
        // a cause that this crate does not know yet may have private text
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
    fn reason_of_a_failed_run_is_that_of_its_step_and_never_the_recorded_error() {
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
