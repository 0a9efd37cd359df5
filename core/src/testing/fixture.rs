//! A step of a session as plain data, from which a test is made.

use crate::{
    log::{
        CauseRecord, Document, EntryKind, FORMAT, FailureRecord, Identity, Log, LogError, Offset,
        RawSessionView, SessionId, Snapshot, entries,
    },
    names::{ATTEMPT_FAILED, STEP_COMMITTED, STEP_FAILED},
    progress::Next,
    state::Patch,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// One attempt at a step, as a session recorded it: what the action was given, and what came of it.
///
/// It is data without the types of a program: JSON to be kept beside a test.
/// [`load`](Fixture::load) reads it back in those types, and [`test`](Fixture::test) writes the
/// test. Resources are no data, so a log has none; the test is given others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fixture {
    /// The format, that of entries.
    #[serde(rename = "v")]
    pub format: u32,
    /// The session.
    #[serde(deserialize_with = "SessionId::deserialize_stored")]
    pub session: SessionId,
    /// The entry that the attempt ended with.
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
    /// The state before.
    pub state: Document,
    /// The inputs of the run.
    pub inputs: Value,
    /// What an `on error` edge passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureRecord>,
    /// The items that the attempt has shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Value>,
    /// The run was stopped, and ended with this step.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// What came of it.
    pub conclusion: Conclusion,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// It was committed.
    #[non_exhaustive]
    Committed {
        /// What changed, by the names that serde gives the fields.
        patches: Vec<(String, Patch)>,
        /// What followed.
        next: Next<String>,
    },
    /// It failed.
    #[non_exhaustive]
    Failed {
        /// What went wrong.
        cause: CauseRecord,
    },
}

/// Makes a fixture of the attempt that ended with the entry at `offset`.
///
/// Such entries are of the kinds [`StepCommitted`](EntryKind::StepCommitted), which
/// [`PastStep::offset`](crate::log::PastStep) names, [`StepFailed`](EntryKind::StepFailed) and
/// [`AttemptFailed`](EntryKind::AttemptFailed). The session is only read.
///
/// # Errors
/// [`FixtureError`].
///
/// # Cancel safety
/// Dropping the future loses nothing.
pub async fn fixture(
    log: &Arc<dyn Log>,
    session: &SessionId,
    offset: Offset,
) -> Result<Fixture, FixtureError> {
    let identity = Identity::new(log, session, log.info(session).await?.epoch);
    let made = read(log, session, offset).await;
    // it takes several reads, between which the session may have been deleted and made again
    identity.check().await?;
    made
}

async fn read(
    log: &Arc<dyn Log>,
    session: &SessionId,
    offset: Offset,
) -> Result<Fixture, FixtureError> {
    let end = Ending::at(log, session, offset).await?;
    // the first entry is that of the session, so there is one before
    let before = Offset(offset.0.saturating_sub(1));
    let RawSessionView { snapshot, .. } = RawSessionView::at(log, session, before).await?;
    let Snapshot { graph, version, state, step, run, unfinished, failure, .. } = snapshot;
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
        inputs: unfinished.map_or(Value::Null, |run| run.inputs),
        failure,
        conclusion: end.conclusion,
    })
}

impl Fixture {
    /// Reads one from its JSON.
    ///
    /// # Errors
    /// [`FixtureError::NewerFormat`], [`FixtureError::Malformed`].
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

    /// Writes it as JSON, line by line.
    ///
    /// Marks that turn the direction of text are escaped: rustc refuses them in literals. The keys of
    /// objects are in order, whatever the features of dependencies.
    pub fn to_json(&self) -> String {
        // nothing in it is refused by JSON: every key is a text, and every number was one before
        let json = serde_json::to_string_pretty(&self.sorted()).unwrap_or_default();
        let turns = |letter| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let escape = |letter| match letter {
            letter if turns(letter) => format!("\\u{:04x}", u32::from(letter)),
            letter => letter.into(),
        };
        if json.contains(turns) { json.chars().map(escape).collect() } else { json }
    }

    /// The same with the keys of each object in order; `serde_json`'s `preserve_order` keeps another one.
    fn sorted(&self) -> Self {
        let mut sorted = self.clone();
        sorted.state.sort_keys();
        let state = sorted.state.values_mut();
        let values = state.chain([&mut sorted.inputs]).chain(&mut sorted.items);
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

/// The entry that an attempt ended with.
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

/// The items of the attempt that was under way after the entry at `last`.
async fn shown(
    log: &Arc<dyn Log>,
    session: &SessionId,
    last: Offset,
    wanted: u32,
) -> Result<Vec<Value>, LogError> {
    // a snapshot never lies between the items of an attempt
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

/// Whether the run was stopped right after the step that was committed at `offset`.
async fn stopped_after(
    log: &Arc<dyn Log>,
    session: &SessionId,
    offset: Offset,
) -> Result<bool, LogError> {
    // a snapshot may lie between them
    for record in log.read(session, offset.plus(1), 2).await? {
        match record.entry(session)?.kind {
            EntryKind::Snapshot(_) => {}
            kind => return Ok(matches!(kind, EntryKind::RunStopped { .. })),
        }
    }
    Ok(false)
}

/// Why there is no fixture, or no test of one.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FixtureError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The entry is none that an attempt ends with.
    #[error(
        "no attempt at a step ends with the entry {offset}, a `{kind}`: name a `{STEP_COMMITTED}`, a `{STEP_FAILED}` or an `{ATTEMPT_FAILED}`"
    )]
    NoAttempt {
        /// The entry.
        offset: Offset,
        /// What it is.
        kind: &'static str,
    },
    /// The graph that was given does not have the node.
    #[error("the graph `{graph}` has no node `{node}`; its nodes are {nodes}")]
    UnknownNode {
        /// The node.
        node: String,
        /// The graph.
        graph: String,
        /// Its nodes.
        nodes: String,
    },
    /// A newer burdock wrote the fixture.
    #[error(
        "the fixture has format {found}, and this program knows formats up to {FORMAT}: update burdock to read it"
    )]
    NewerFormat {
        /// Its format.
        found: u32,
    },
    /// It is no fixture.
    #[error("this is no fixture: {reason}")]
    Malformed {
        /// What serde says.
        reason: String,
    },
}
