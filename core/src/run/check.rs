//! A check, to be run before a deployment, that the sessions of a log fit a program.

use super::{ReadError, restore::Restored};
use crate::{
    graph::Graph,
    log::{Log, LogError, RawSessionView, SessionFilter, SessionId},
    progress::Position,
};
use std::sync::Arc;

/// A session that the program could not continue, returned by [`check_sessions`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Misfit {
    /// The session.
    pub session: SessionId,
    /// The error that opening it, or resuming its unfinished run, would return.
    pub error: ReadError,
}

/// Reads every session of a graph from a log, and returns those that the program could not open or resume.
///
/// A session does not fit if the state does not fit its type, a migration fails, a node was removed, a slot that is now
/// read has no value, or the inputs of an unfinished run do not fit.
///
/// Run it in a test, or before a deployment, against a copy of a production log. It opens no session for writing,
/// writes nothing, and does not read sessions of other graphs. Sessions are read one after the other, each from its
/// last snapshot. Of the sessions that run as children, only those with an unfinished run are read: parents have copies of
/// the results of the others.
///
/// ```
/// use burdock::{log::{Log, MemoryLog}, prelude::*, run::check_sessions};
/// use serde::{Deserialize, Serialize};
/// use std::sync::Arc;
///
/// #[derive(State, Clone, Default, Serialize, Deserialize)]
/// struct Counter {
///     count: u64,
/// }
///
/// #[action(state = Counter, reads(count), writes(count))]
/// async fn increment(counter: Reads<'_>) -> Result<Writes> {
///     Ok(Writes { count: counter.count + 1 })
/// }
///
/// graph! {
///     Counting(Counter) {
///         nodes { increment }
///         start increment;
///         increment -> pause;
///     }
/// }
///
/// # futures::executor::block_on(async {
/// let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
/// Counting::app().id("a").log(Arc::clone(&log)).build().await?.close().await?;
///
/// let misfits = check_sessions::<Counting>(&log).await?;
/// assert!(misfits.is_empty(), "{misfits:?}");
/// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
///
/// # Errors
/// Returns an error if the log cannot list its sessions. A session that cannot be read is a [`Misfit`].
///
/// # Cancel safety
/// Dropping the future loses nothing.
pub async fn check_sessions<G: Graph>(log: &Arc<dyn Log>) -> Result<Vec<Misfit>, LogError> {
    let mut misfits = Vec::new();
    for prefix in ["", "~"] {
        let mut filter = SessionFilter { prefix: prefix.into(), ..SessionFilter::of::<G>() };
        loop {
            let page = log.sessions(filter.clone()).await?;
            let Some(last) = page.last() else { break };
            filter.after = Some(last.id.clone());
            for info in page {
                if let Err(error) = check::<G>(log, &info.id).await {
                    misfits.push(Misfit { session: info.id, error });
                }
            }
        }
    }
    Ok(misfits)
}

async fn check<G: Graph>(log: &Arc<dyn Log>, session: &SessionId) -> Result<(), ReadError> {
    let view = match RawSessionView::latest(log, session).await {
        // deleted since it was listed
        Err(LogError::NoSession { .. }) => return Ok(()),
        view => view?,
    };
    if session.is_child() && !matches!(view.snapshot.position, Position::Unfinished(_)) {
        return Ok(());
    }
    let restored = Restored::<G>::from_snapshot(session.as_str(), view.snapshot)?;
    restored.check_slots()?;
    Ok(restored.check_inputs()?)
}
