//! A recorded attempt in the types of a graph, and what is different when it is made again.

use super::{
    ActionTest, Conclusion, Fixture, TestScope,
    isolated::{Place, describe},
};
use crate::{
    action::{Action, Collect, Failure, FailureCause},
    graph::{Graph, Node},
    log::{CauseRecord, FailureRecord, LogItem, patch},
    run::{RestoreError, find, restore_failure, restore_state},
    state::{State, read, to_json},
    stream::Convert,
};
use serde_json::Value;
use std::{fmt, time::Duration};

/// A [`Fixture`] in the types of a graph; made by [`Fixture::load`].
pub struct Replay<G: Graph> {
    fixture: Fixture,
    node: &'static str,
    state: G::State,
    inputs: G::Inputs,
    failure: Option<Failure>,
    /// The state afterwards, as the graph's type writes it; `None` for an attempt that failed.
    after: Option<Value>,
}

impl Fixture {
    /// Reads it in the types of the graph that wrote it, or of what has become of that: states of
    /// earlier versions are migrated.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load<G: Graph>(self) -> Result<Replay<G>, LoadError> {
        Replay::new(self)
    }
}

impl<G: Graph> Replay<G> {
    fn new(fixture: Fixture) -> Result<Self, LoadError> {
        let node = find::<G>("the recorded step is of", &fixture.node)?.name();
        let failure = fixture.failure.as_ref().map(restore_failure::<G>).transpose()?;
        let inputs = read(&fixture.inputs)
            .map_err(|error| LoadError::Inputs { reason: error.inner().to_string() })?;
        let after = match &fixture.conclusion {
            Conclusion::Failed { .. } => None,
            Conclusion::Committed { patches, .. } => {
                let mut document = fixture.state.clone();
                patch(&mut document, patches.clone())
                    .map_err(|reason| LoadError::Patches { reason })?;
                // there and back, so that it is written as the action's own state will be
                let after: G::State = restore_state(fixture.version, document)?;
                Some(
                    to_json(&after)
                        .map_err(|error| LoadError::Patches { reason: error.to_string() })?,
                )
            }
        };
        let state = restore_state(fixture.version, fixture.state.clone())?;
        Ok(Self { fixture, node, state, inputs, failure, after })
    }

    /// The fixture.
    pub fn fixture(&self) -> &Fixture {
        &self.fixture
    }

    /// The state before.
    pub fn state(&self) -> &G::State {
        &self.state
    }

    /// The inputs of the run.
    pub fn inputs(&self) -> G::Inputs {
        self.inputs.clone()
    }

    /// Runs an action where it was then, with the failure that it was passed on, and compares what
    /// comes of it with the record.
    ///
    /// Items and the fields of the state are compared as JSON, a failure by its messages; what the
    /// test gave itself, such as a failure or when to stop, has precedence.
    ///
    /// # Errors
    /// Everything that is different now.
    ///
    /// # Cancel safety
    /// Dropping the future drops the action.
    pub async fn compare<A>(&self, test: ActionTest<'_, A>) -> Result<(), Difference>
    where
        A: Action<State = G::State, Yields: Convert<G::Item>>,
        for<'c> A::Args<'c>: Collect<'c, TestScope>,
        G::Item: LogItem,
    {
        let Fixture { session, run, step, attempt, items, stopped, .. } = &self.fixture;
        let place = Place {
            session: session.as_str().into(),
            run: *run,
            step: *step,
            attempt: *attempt,
            names: G::Node::NAMES,
            node: G::Node::NAMES.iter().position(|name| *name == self.node).unwrap_or_default(),
        };
        let stop_after = (*stopped && !items.is_empty()).then_some(items.len());
        let test = test.placed(place, self.failure.as_ref(), stop_after, self.timeout());
        let (items, writes) = test.attempt().await;
        let mut parts = Vec::new();
        let items = items.into_iter().map(<A::Yields as Convert<G::Item>>::convert);
        self.compare_items(&items.collect::<Vec<_>>(), &mut parts);
        self.compare_conclusion::<A>(writes, &mut parts);
        if parts.is_empty() {
            return Ok(());
        }
        Err(Difference { node: self.node, step: *step, session: session.to_string(), parts })
    }

    /// How long it took, when that was too long.
    fn timeout(&self) -> Option<Duration> {
        match self.fixture.conclusion {
            Conclusion::Failed { cause: CauseRecord::Timeout(after) } => {
                Some(Duration::from_millis(after))
            }
            _ => None,
        }
    }

    fn compare_items(&self, items: &[G::Item], parts: &mut Vec<Part>)
    where
        G::Item: LogItem,
    {
        let recorded = &self.fixture.items;
        for index in 0..recorded.len().max(items.len()) {
            let now = match items.get(index).map(to_json).transpose() {
                Ok(now) => now,
                Err(error) => {
                    let what = format!("item {index}");
                    parts.push(Part::NotSerialisable { what, reason: error.to_string() });
                    continue;
                }
            };
            let recorded = recorded.get(index).cloned();
            if recorded != now {
                parts.push(Part::Item { index, recorded, now });
            }
        }
    }

    fn compare_conclusion<A: Action<State = G::State>>(
        &self,
        writes: Result<A::Writes, Box<FailureCause>>,
        parts: &mut Vec<Part>,
    ) {
        match (writes, &self.after, &self.fixture.conclusion) {
            (Ok(writes), Some(after), _) => self.compare_fields(writes, after, parts),
            (Err(cause), _, Conclusion::Failed { cause: recorded }) => {
                let now = self.failed(*cause);
                if now != *recorded {
                    let (recorded, now) = (Some(recorded.clone()), Some(now));
                    parts.push(Part::Failure { recorded, now });
                }
            }
            (Ok(_), _, Conclusion::Failed { cause }) => {
                parts.push(Part::Failure { recorded: Some(cause.clone()), now: None });
            }
            (Err(cause), ..) => {
                let cause = match *cause {
                    // what the test lacks, in its words
                    FailureCause::UnsetSlot(_) | FailureCause::MissingInput(_) => {
                        FailureCause::Error(describe::<A>(*cause))
                    }
                    cause => cause,
                };
                parts.push(Part::Failure { recorded: None, now: Some(self.failed(cause)) });
            }
            // there is a state after every commit
            (Ok(_), None, Conclusion::Committed { .. }) => {}
        }
    }

    /// How a log records what went wrong now.
    fn failed(&self, cause: FailureCause) -> CauseRecord {
        let failure = Failure::new(self.node, self.fixture.attempt, cause);
        FailureRecord::from(&failure).cause
    }

    /// Compares every field, also those that were not written.
    fn compare_fields<W: crate::action::Writes<State = G::State>>(
        &self,
        writes: W,
        after: &Value,
        parts: &mut Vec<Part>,
    ) {
        let mut state = self.state.clone();
        drop(writes.apply(&mut state));
        let state = match to_json(&state) {
            Ok(state) => state,
            Err(error) => {
                let reason = error.to_string();
                parts.push(Part::NotSerialisable { what: "the state".into(), reason });
                return;
            }
        };
        for field in G::State::FIELDS {
            let (recorded, now) = (&after[field.key], &state[field.key]);
            if recorded != now {
                let (path, recorded, now) = first_difference(field.key.into(), recorded, now);
                parts.push(Part::Field { path, recorded, now });
            }
        }
    }
}

/// The place of the first difference inside two values.
fn first_difference(path: String, recorded: &Value, now: &Value) -> (String, Value, Value) {
    match (recorded, now) {
        (Value::Array(then), Value::Array(today)) => {
            let found = (0..then.len().max(today.len())).find(|at| then.get(*at) != today.get(*at));
            if let Some(at) = found {
                let (then, today) = (&recorded[at], &now[at]);
                return first_difference(format!("{path}[{at}]"), then, today);
            }
        }
        (Value::Object(then), Value::Object(today)) => {
            let mut keys = then.keys().chain(today.keys());
            if let Some(key) = keys.find(|key| then.get(*key) != today.get(*key)) {
                let (then, today) = (&recorded[key], &now[key]);
                return first_difference(format!("{path}.{key}"), then, today);
            }
        }
        _ => {}
    }
    (path, recorded.clone(), now.clone())
}

impl<G: Graph> fmt::Debug for Replay<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("fixture", &self.fixture).finish_non_exhaustive()
    }
}

/// What is different when a recorded attempt is made again.
///
/// Its `Debug` is its `Display`: that is what a test prints that returns it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// The node.
    pub node: &'static str,
    /// The number of the step in its session.
    pub step: u64,
    /// The session.
    pub session: String,
    /// Everything that is different; at least one.
    pub parts: Vec<Part>,
}

/// One thing that is different.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// An item; `None` where there is none.
    Item {
        /// Its place, from 0.
        index: usize,
        /// What was yielded then.
        recorded: Option<Value>,
        /// What is now.
        now: Option<Value>,
    },
    /// A field of the state after the writes; where there is nothing, `null` stands.
    Field {
        /// The field, by the name that serde gives it, and the way to the first difference in it.
        path: String,
        /// What was there then.
        recorded: Value,
        /// What is there now.
        now: Value,
    },
    /// How the action ended; `None` for writes.
    Failure {
        /// What went wrong then.
        recorded: Option<CauseRecord>,
        /// What goes wrong now.
        now: Option<CauseRecord>,
    },
    /// A value of now that JSON cannot hold.
    NotSerialisable {
        /// The item, or the state.
        what: String,
        /// What serde says, or what would be lost.
        reason: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, step, session, parts } = self;
        write!(f, "node `{node}` differs from step {step} of the session `{session}`")?;
        for part in parts {
            write!(f, "\n- {part}")?;
        }
        let more = |part: &&Part| matches!(part, Part::Item { recorded: None, .. });
        if let Some(Part::Item { index, .. }) = parts.iter().find(more) {
            let test = format!("`.stop_after({index})`");
            write!(f, "\nhelp: if the run was stopped there, add {test} to the test")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Difference {}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item { index, recorded, now } => {
                let words = |value: &Option<Value>| value.as_ref().map_or("nothing".into(), short);
                write!(f, "item {index}: recorded {}, now {}", words(recorded), words(now))
            }
            Self::Field { path, recorded, now } => {
                write!(f, "field `{path}`: recorded {}, now {}", short(recorded), short(now))
            }
            Self::Failure { recorded, now } => {
                write!(
                    f,
                    "the action: recorded {}, now {}",
                    ending(recorded.as_ref()),
                    ending(now.as_ref())
                )
            }
            Self::NotSerialisable { what, reason } => {
                write!(f, "{what} cannot be compared: {reason}")
            }
        }
    }
}

/// The JSON of a value, or its beginning.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn ending(cause: Option<&CauseRecord>) -> String {
    match cause {
        None => "writes".into(),
        Some(CauseRecord::Error { messages, retryable }) => {
            let kind = if *retryable { "an error" } else { "a terminal error" };
            format!("{kind}: {}", messages.join(": "))
        }
        Some(CauseRecord::Panic(message)) => format!("a panic: {message}"),
        Some(CauseRecord::Timeout(after)) => format!("a timeout after {after} ms"),
        Some(CauseRecord::UnsetSlot(slot)) => format!("no value in the slot `{slot}`"),
        Some(CauseRecord::MissingInput(input)) => format!("no input `{input}`"),
    }
}

/// Why a fixture does not fit the graph.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Its node or its state does not.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// Its inputs are not those of the graph.
    #[error("the recorded inputs do not fit the graph: {reason}")]
    Inputs {
        /// What serde says.
        reason: String,
    },
    /// What it says was written cannot be.
    #[error("the recorded writes do not fit the state: {reason}")]
    Patches {
        /// Why not.
        reason: String,
    },
}
