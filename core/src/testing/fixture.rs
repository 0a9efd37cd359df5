//! A recorded step of a session as plain data, for tests.

use crate::{
    log::{
        CallRecord, CauseRecord, Document, EntryKind, FORMAT, FailureRecord, Identity, Log,
        LogError, Offset, RawSessionView, SessionId, Snapshot, entries,
    },
    names::{ATTEMPT_FAILED, STEP_COMMITTED, STEP_FAILED},
    progress::Next,
    state::Patch,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// One recorded attempt at a step: the input of the action, and its result.
///
/// It is data without the types of a program, for example a JSON file beside a test.
/// [`load`](Fixture::load) converts it into those types, and [`test`](Fixture::test) generates the
/// test. A log does not record resources; the test has to set its own.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// # use burdock::log::{Log, MemoryLog, SessionId};
/// # use std::{collections::BTreeMap, sync::Arc};
/// use burdock::testing::{self, Fixture};
///
/// # let (log, session): (Arc<dyn Log>, _) = (Arc::new(MemoryLog::new()), SessionId::new("table-7")?);
/// # let mut app = Cafe::app().id("table-7").log(Arc::clone(&log)).build().await?;
/// # app.run(CafeInputs { cups: 2 }).await?;
/// let step = app.history()?.next().await?.unwrap();
/// let fixture = testing::fixture(&log, &session, step.offset).await?;
/// assert_eq!((&*fixture.node, fixture.step, fixture.attempt), ("brew", 0, 1));
/// assert_eq!(fixture.items, ["cup 1", "cup 2"]);
///
/// let json = fixture.to_json(); // for a file beside a test
/// assert_eq!(Fixture::from_json(&json)?, fixture);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fixture {
    /// The format, which is that of entries.
    #[serde(rename = "v")]
    pub format: u32,
    /// The session.
    #[serde(deserialize_with = "SessionId::deserialize_stored")]
    pub session: SessionId,
    /// The entry that ended the attempt.
    pub offset: Offset,
    /// The name of the graph.
    pub graph: String,
    /// The number of the run in the session, from 1.
    pub run: u64,
    /// The number of the step in the session, from 0.
    pub step: u64,
    /// The node.
    pub node: String,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The version of the state; see `#[state(version = …)]`.
    pub version: u32,
    /// The state before the step.
    pub state: Document,
    /// The inputs of the run.
    pub inputs: Value,
    /// The failure that an `on error` edge passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureRecord>,
    /// The items that the attempt has shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Value>,
    /// The calls that the step had recorded, by their keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub calls: BTreeMap<String, CallRecord>,
    /// Whether the run was stopped and ended with this step.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// The result of the attempt.
    pub conclusion: Conclusion,
}

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// The step was committed.
    #[non_exhaustive]
    Committed {
        /// The changes of the fields, by the names that serde gives them.
        patches: Vec<(String, Patch)>,
        /// The transition that followed.
        next: Next<String>,
    },
    /// The attempt failed.
    #[non_exhaustive]
    Failed {
        /// The cause.
        cause: CauseRecord,
    },
}

/// Creates a fixture of the attempt that ended with the entry at `offset`.
///
/// Such an entry is a [`StepCommitted`](EntryKind::StepCommitted), whose offset is in
/// [`PastStep::offset`](crate::log::PastStep), a [`StepFailed`](EntryKind::StepFailed) or an
/// [`AttemptFailed`](EntryKind::AttemptFailed). The session is only read.
///
/// # Errors
/// Returns a [`FixtureError`] if the entry does not end an attempt, or if the log cannot be read.
///
/// # Cancel safety
/// Dropping the future loses nothing.
pub async fn fixture(
    log: &Arc<dyn Log>,
    session: &SessionId,
    offset: Offset,
) -> Result<Fixture, FixtureError> {
    let identity = Identity::new(log, session, log.info(session).await?.epoch);
    let fixture = read(log, session, offset).await;
    // between the reads, the session may have been deleted and created again
    identity.check().await?;
    fixture
}

async fn read(
    log: &Arc<dyn Log>,
    session: &SessionId,
    offset: Offset,
) -> Result<Fixture, FixtureError> {
    let end = Ending::at(log, session, offset).await?;
    // the first entry of a session ends no attempt, so there is an entry before this one
    let before = Offset(offset.0.saturating_sub(1));
    let RawSessionView { snapshot, .. } = RawSessionView::at(log, session, before).await?;
    let Snapshot { graph, version, state, step, run, unfinished, failure, .. } = snapshot;
    let (inputs, calls) = unfinished.map(|run| (run.inputs, run.calls)).unwrap_or_default();
    if let Some((key, _)) = calls.iter().find(|(_, call)| call.as_child().is_some()) {
        return Err(FixtureError::HasChildren { node: end.node, key: key.clone() });
    }
    Ok(Fixture {
        format: FORMAT,
        session: session.clone(),
        offset,
        graph: graph.name,
        run,
        step,
        items: shown(log, session, before, end.attempt).await?,
        stopped: matches!(end.conclusion, Conclusion::Committed { .. })
            && stopped_after(log, session, offset).await?,
        node: end.node,
        attempt: end.attempt,
        version,
        state,
        inputs,
        calls,
        failure,
        conclusion: end.conclusion,
    })
}

impl Fixture {
    /// Parses the JSON of a fixture.
    ///
    /// # Errors
    /// Returns [`FixtureError::NewerFormat`] if a newer version of burdock wrote the fixture, and
    /// [`FixtureError::Malformed`] if the JSON is not a fixture.
    pub fn from_json(json: &str) -> Result<Self, FixtureError> {
        #[derive(Deserialize)]
        struct Head {
            v: u32,
        }
        let malformed =
            |error: serde_json::Error| FixtureError::Malformed { reason: error.to_string() };
        let Head { v } = serde_json::from_str(json).map_err(malformed)?;
        if v > FORMAT {
            return Err(FixtureError::NewerFormat { found: v });
        }
        serde_json::from_str(json).map_err(malformed)
    }

    /// Returns the fixture as pretty-printed JSON.
    ///
    /// Direction marks of text are escaped, because rustc rejects them in literals. The keys of objects are
    /// sorted, whatever the features of dependencies.
    pub fn to_json(&self) -> String {
        // serializing cannot fail: every key is a string, and every number comes from JSON
        let json = serde_json::to_string_pretty(&self.sorted()).unwrap_or_default();
        let turns = |letter| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let escape = |letter| match letter {
            letter if turns(letter) => format!("\\u{:04x}", u32::from(letter)),
            letter => letter.into(),
        };
        if json.contains(turns) { json.chars().map(escape).collect() } else { json }
    }

    /// Returns a copy with sorted keys in each object: the feature `preserve_order` of `serde_json` keeps another
    /// order.
    fn sorted(&self) -> Self {
        let mut sorted = self.clone();
        sorted.state.sort_keys();
        let state = sorted.state.values_mut();
        let values = state.chain([&mut sorted.inputs]).chain(&mut sorted.items);
        let values = values.chain(sorted.calls.values_mut().filter_map(CallRecord::result_mut));
        values.for_each(Value::sort_all_objects);
        if let Conclusion::Committed { patches, .. } = &mut sorted.conclusion {
            for (_, patch) in patches {
                match patch {
                    Patch::Set(value) => value.sort_all_objects(),
                    Patch::Append { tail, .. } => tail.iter_mut().for_each(Value::sort_all_objects),
                    Patch::Entries { set, .. } => {
                        set.sort_keys();
                        set.values_mut().for_each(Value::sort_all_objects);
                    }
                }
            }
        }
        sorted
    }
}

/// The entry that ended an attempt.
struct Ending {
    node: String,
    attempt: u32,
    conclusion: Conclusion,
}

impl Ending {
    async fn at(
        log: &Arc<dyn Log>,
        session: &SessionId,
        offset: Offset,
    ) -> Result<Self, FixtureError> {
        let page = log.read(session, offset, 1).await?;
        let Some(record) = page.first() else {
            let next = log.info(session).await?.next;
            return Err(LogError::NoEntry { session: session.clone(), offset, next }.into());
        };
        match record.entry(session)?.kind {
            EntryKind::StepCommitted { node, attempt, patches, next, .. } => {
                Ok(Self { node, attempt, conclusion: Conclusion::Committed { patches, next } })
            }
            EntryKind::StepFailed { failure, .. } | EntryKind::AttemptFailed { failure, .. } => {
                let FailureRecord { node, attempts, cause } = failure;
                Ok(Self { node, attempt: attempts, conclusion: Conclusion::Failed { cause } })
            }
            other => Err(FixtureError::NoAttempt { offset, kind: other.name() }),
        }
    }
}

/// Returns the items of the attempt that was in progress after the entry at `last`.
async fn shown(
    log: &Arc<dyn Log>,
    session: &SessionId,
    last: Offset,
    wanted: u32,
) -> Result<Vec<Value>, LogError> {
    // there is never a snapshot between the items of an attempt
    let from = log.snapshot_before(session, last).await?.unwrap_or(last);
    let mut items = Vec::new();
    let mut records = entries(log, session, from..=last);
    while let Some(record) = records.next().await.transpose()? {
        match record.entry(session)?.kind {
            EntryKind::Item { attempt, item, .. } if attempt == wanted => items.push(item),
            EntryKind::StepStarted { .. } | EntryKind::AttemptFailed { .. } => items.clear(),
            _ => {}
        }
    }
    Ok(items)
}

/// Returns whether the run was stopped right after the step that was committed at `offset`.
async fn stopped_after(
    log: &Arc<dyn Log>,
    session: &SessionId,
    offset: Offset,
) -> Result<bool, LogError> {
    // there may be a snapshot between them
    for record in log.read(session, offset.plus(1), 2).await? {
        match record.entry(session)?.kind {
            EntryKind::Snapshot(_) => {}
            kind => return Ok(matches!(kind, EntryKind::RunStopped { .. })),
        }
    }
    Ok(false)
}

/// An error of creating or parsing a fixture, or of generating its test.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FixtureError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The entry does not end an attempt.
    #[error(
        "the entry {offset} is a `{kind}`, which does not end an attempt: expected a `{STEP_COMMITTED}`, a `{STEP_FAILED}` or an `{ATTEMPT_FAILED}`"
    )]
    NoAttempt {
        /// The offset of the entry.
        offset: Offset,
        /// The kind of the entry.
        kind: &'static str,
    },
    /// The step ran children, whose items and ends are in sessions of their own.
    #[error(
        "the step of node `{node}` ran the child `{key}`, and a fixture does not contain children: create one of a step of the child"
    )]
    HasChildren {
        /// The node.
        node: String,
        /// The key of a child.
        key: String,
    },
    /// The given graph does not have the node.
    #[error("the graph `{graph}` has no node `{node}`; its nodes are {nodes}")]
    UnknownNode {
        /// The node.
        node: String,
        /// The graph.
        graph: String,
        /// The nodes of the graph, separated by commas.
        nodes: String,
    },
    /// A newer version of burdock wrote the fixture.
    #[error(
        "the fixture has format {found}, and this program knows formats up to {FORMAT}: update burdock to read it"
    )]
    NewerFormat {
        /// The format of the fixture.
        found: u32,
    },
    /// The JSON is not a fixture.
    #[error("invalid fixture: {reason}")]
    Malformed {
        /// The message of serde.
        reason: String,
    },
}
