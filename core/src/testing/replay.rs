//! A recorded attempt in the types of a graph, and the differences when it is repeated.

use super::{
    ActionTest, Conclusion, Fixture, TestScope,
    isolated::{Location, describe},
};
use crate::{
    action::{Action, Collect, Failure, FailureCause},
    graph::{Graph, Node},
    log::{CauseRecord, FailureRecord, LogItem, patch},
    run::{RestoreError, find, restore_failure, restore_state},
    state::{StateFields, read, to_json},
    stream::Convert,
};
use serde_json::Value;
use std::{fmt, time::Duration};

/// A [`Fixture`] in the types of a graph, as returned by [`Fixture::load`].
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// # use burdock::{log::{Log, MemoryLog, SessionId}, testing};
/// # use std::sync::Arc;
/// # let (log, session): (Arc<dyn Log>, _) = (Arc::new(MemoryLog::new()), SessionId::new("table-7")?);
/// # let mut app = Cafe::app().id("table-7").log(Arc::clone(&log)).build().await?;
/// # app.run(CafeInputs { cups: 2 }).await?;
/// # let step = app.history()?.next().await?.unwrap();
/// let fixture = testing::fixture(&log, &session, step.offset).await?;
/// let recorded = fixture.load::<Cafe>()?;
/// let cups = recorded.inputs().cups;
/// recorded.compare(brew::test(recorded.state()).input("cups", cups)).await?;
///
/// let difference = recorded.compare(brew::test(recorded.state()).input("cups", 1_u32)).await;
/// let parts = difference.unwrap_err().parts;
/// assert_eq!(parts[0].to_string(), r#"item 1: recorded "cup 2", now nothing"#);
/// assert_eq!(parts[1].to_string(), "field `cups`: recorded 2, now 1");
/// # Ok(()) }
/// ```
pub struct Replay<G: Graph> {
    fixture: Fixture,
    node: &'static str,
    state: G::State,
    inputs: G::Inputs,
    failure: Option<Failure>,
    /// The state after the step, as the graph's type serializes it. `None` if the attempt failed.
    after: Option<Value>,
}

impl Fixture {
    /// Converts the fixture into the types of its graph. A state of an earlier version is migrated.
    ///
    /// # Errors
    /// Returns a [`LoadError`] if the fixture does not fit the graph.
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
                // through the state's type, so that it is serialized as the state after the action will be
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

    /// Returns the fixture.
    pub fn fixture(&self) -> &Fixture {
        &self.fixture
    }

    /// Returns the state before the step.
    pub fn state(&self) -> &G::State {
        &self.state
    }

    /// Returns the inputs of the run.
    pub fn inputs(&self) -> G::Inputs {
        self.inputs.clone()
    }

    /// Runs an action in the recorded place of its session, with the failure that was passed on, and compares the
    /// result with the record.
    ///
    /// Items and the fields of the state are compared as JSON, a failure by its messages. Values that the test
    /// sets itself, such as a failure or a stop, take precedence.
    ///
    /// # Errors
    /// Returns everything that differs from the record.
    ///
    /// # Cancel safety
    /// Dropping the future drops the action.
    pub async fn compare<A>(&self, test: ActionTest<'_, A>) -> Result<(), Difference>
    where
        A: Action<State = G::State, Yields: Convert<G::Item>>,
        for<'c> A::Args<'c>: Collect<'c, TestScope>,
        G::Item: LogItem,
    {
        let Fixture { session, run, step, attempt, items, calls, stopped, .. } = &self.fixture;
        let location = Location {
            session: session.as_str().into(),
            run: *run,
            step: *step,
            attempt: *attempt,
            names: G::Node::NAMES,
            node: G::Node::NAMES.iter().position(|name| *name == self.node).unwrap_or_default(),
        };
        let stop_after = (*stopped && !items.is_empty()).then_some(items.len());
        let test =
            test.replaying(location, self.failure.as_ref(), calls, stop_after, self.timeout());
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

    /// Returns the recorded timeout, if the attempt failed with one.
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
                    parts.push(Part::NotSerializable { what, reason: error.to_string() });
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
                let now = self.cause_record(*cause);
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
                    // the test did not set it: report that in terms of the test
                    FailureCause::UnsetSlot(_) | FailureCause::MissingInput(_) => {
                        FailureCause::Error(describe::<A>(*cause))
                    }
                    cause => cause,
                };
                parts.push(Part::Failure { recorded: None, now: Some(self.cause_record(cause)) });
            }
            // unreachable: there is a state after every commit
            (Ok(_), None, Conclusion::Committed { .. }) => {}
        }
    }

    /// Returns a cause as a log would record it.
    fn cause_record(&self, cause: FailureCause) -> CauseRecord {
        let failure = Failure::new(self.node, self.fixture.attempt, cause);
        FailureRecord::from(&failure).cause
    }

    /// Compares every field, including those that were not written.
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
                parts.push(Part::NotSerializable { what: "the state".into(), reason });
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

/// Returns the path of the first difference between two values, and the two values there.
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

/// The differences between a recorded attempt and its repetition.
///
/// Its `Debug` output is its `Display` output, because that is what a test prints that returns it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// The node.
    pub node: &'static str,
    /// The number of the step in its session.
    pub step: u64,
    /// The session.
    pub session: String,
    /// The differences. At least one.
    pub parts: Vec<Part>,
}

/// A difference between a recorded attempt and its repetition.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// An item differs. `None` if there is no item at that index.
    Item {
        /// The index of the item, from 0.
        index: usize,
        /// The recorded item.
        recorded: Option<Value>,
        /// The item of the repetition.
        now: Option<Value>,
    },
    /// A field of the state after the writes differs. A missing value is `null`.
    Field {
        /// The field, by the name that serde gives it, with the path to the first difference in it.
        path: String,
        /// The recorded value.
        recorded: Value,
        /// The value of the repetition.
        now: Value,
    },
    /// The result of the action differs. `None` if it returned writes.
    Failure {
        /// The recorded cause.
        recorded: Option<CauseRecord>,
        /// The cause in the repetition.
        now: Option<CauseRecord>,
    },
    /// A value of the repetition cannot be serialized as JSON.
    NotSerializable {
        /// The item, or the state.
        what: String,
        /// The message of serde, or what would be lost.
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
                let text = |value: &Option<Value>| value.as_ref().map_or("nothing".into(), short);
                write!(f, "item {index}: recorded {}, now {}", text(recorded), text(now))
            }
            Self::Field { path, recorded, now } => {
                write!(f, "field `{path}`: recorded {}, now {}", short(recorded), short(now))
            }
            Self::Failure { recorded, now } => {
                write!(
                    f,
                    "the action: recorded {}, now {}",
                    result_text(recorded.as_ref()),
                    result_text(now.as_ref())
                )
            }
            Self::NotSerializable { what, reason } => {
                write!(f, "{what} cannot be compared: {reason}")
            }
        }
    }
}

/// Returns the JSON of a value, truncated to 200 characters.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn result_text(cause: Option<&CauseRecord>) -> String {
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

/// The reason why a fixture does not fit the graph.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The node or the state does not fit.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The inputs are not those of the graph.
    #[error("the recorded inputs do not fit the graph: {reason}")]
    Inputs {
        /// The message of serde.
        reason: String,
    },
    /// The recorded writes cannot be applied to the state.
    #[error("the recorded writes do not fit the state: {reason}")]
    Patches {
        /// Why they cannot be applied.
        reason: String,
    },
}
