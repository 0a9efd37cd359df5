//! Sessions, steps and tests of a log, as text.
//!
//! A log is read without the types of the program that wrote it. Only a test
//! needs the graph, and only its JSON.

use crate::kiosk::Kiosk;
use burdock::{
    Log,
    log::{EntryKind, Offset, SessionFilter, SessionId, entries},
    testing::{Fixture, Outline, fixture},
};
use std::{error::Error, fmt::Write, fs, sync::Arc};

/// The number of sessions per page.
const PAGE: usize = 256;

/// Lists the sessions of a log.
pub async fn sessions(log: &Arc<dyn Log>) -> Result<String, Box<dyn Error>> {
    let mut filter = SessionFilter { limit: PAGE, ..SessionFilter::default() };
    let mut text = String::new();
    loop {
        let page = log.sessions(filter.clone()).await?;
        let Some(last) = page.last() else { return Ok(text) };
        filter.after = Some(last.id.clone());
        for info in page {
            writeln!(text, "{}: {} entries", info.id, info.next)?;
        }
    }
}

/// Lists the steps of a session, including failed ones, and the children that they started.
pub async fn steps(log: &Arc<dyn Log>, session: &SessionId) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    let first = log.info(session).await?.first;
    let mut records = entries(log, session, first..);
    while let Some(record) = records.next().await.transpose()? {
        let offset = record.offset;
        match record.entry(session)?.kind {
            EntryKind::StepCommitted { step, node, .. } => {
                writeln!(text, "{offset:>6}  step {step}  {node}")?;
            }
            EntryKind::StepFailed { step, failure, .. }
            | EntryKind::AttemptFailed { step, failure, .. } => {
                writeln!(text, "{offset:>6}  step {step}  {} failed", failure.node)?;
            }
            EntryKind::ChildStarted { step, key, session, .. } => {
                writeln!(text, "{offset:>6}  step {step}  started {key} as {session}")?;
            }
            _ => {}
        }
    }
    Ok(text)
}

/// Returns a step as JSON.
pub async fn json(
    log: &Arc<dyn Log>,
    session: &SessionId,
    entry: Offset,
) -> Result<String, Box<dyn Error>> {
    Ok(fixture(log, session, entry).await?.to_json() + "\n")
}

/// Returns a step as the source of a test.
pub async fn test(
    log: &Arc<dyn Log>,
    session: &SessionId,
    entry: Offset,
    graph: Option<&str>,
) -> Result<String, Box<dyn Error>> {
    let fixture = fixture(log, session, entry).await?;
    let test = fixture.test(outline(&fixture, graph)?)?.to_string();
    Ok(test)
}

fn outline(fixture: &Fixture, graph: Option<&str>) -> Result<Outline, Box<dyn Error>> {
    match graph {
        Some(file) => Ok(serde_json::from_str(&fs::read_to_string(file)?)?),
        None if fixture.graph == Kiosk::TOPOLOGY.name => Ok((&Kiosk::TOPOLOGY).into()),
        None => Err(format!(
            "the session was written by graph `{0}`: pass the output of `{0}::TOPOLOGY.json()` in a file with `--graph`",
            fixture.graph
        )
        .into()),
    }
}
