//! Handles to runs that a server has accepted.

use super::SessionHandle;
use crate::{
    error::SessionError,
    event::{Event, EventProjection, JsonItems, Projector},
    hub::Reader,
    stream::{SessionEvents, Until},
};
use burdock::{Graph, log::Cursor};
use std::{fmt, sync::Arc};

/// A handle to a run that has started. The run belongs to the server, and continues when the handle is dropped.
///
/// ```
/// # use burdock::{log::MemoryLog, prelude::*};
/// # use burdock_serve::{Event, RunEnd, Server};
/// # use serde::{Deserialize, Serialize};
/// # use serde_json::json;
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Counter { #[state(public)] count: u64 }
/// # #[action(state = Counter, reads(count), writes(count))]
/// # async fn count(counter: Reads<'_>, #[input] by: u64) -> Result<Writes> {
/// #     Ok(Writes { count: counter.count + by })
/// # }
/// # graph! { Counting(Counter) { inputs { by: u64 } nodes { count } start count; count -> pause; } }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
/// # let server = Server::builder(MemoryLog::new(), |_| Counting::app()).build();
/// let run = server.session("anna")?.start(CountingInputs { by: 2 }).await?;
/// let mut events = run.follow().await?;
/// while let Some(event) = events.next().await {
///     if let Event::StepCommitted { patches, .. } = event?.event {
///         assert_eq!(patches["count"], json!({ "set": 2 }));
///     }
/// }
/// assert_eq!(run.finish().await?, RunEnd::Paused { node: "count".into() });
/// # Ok(()) }
/// ```
pub struct RunHandle<G: Graph> {
    session: SessionHandle<G>,
    /// The cursor just before the run's first entry.
    before: Cursor,
}

/// The end of a run, as recorded in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// The run reached a `pause`.
    Paused {
        /// The node at which the next run starts.
        node: String,
    },
    /// The run reached an `end`, which also ends the session.
    Ended,
    /// The run was halted.
    Halted {
        /// The node at which it can be resumed.
        node: String,
    },
    /// The run was stopped at a commit.
    Stopped {
        /// The node at which it can be resumed.
        node: String,
    },
    /// The run failed.
    Failed {
        /// The node at which it can be resumed.
        node: String,
        /// The part of the error that clients receive. The trace output has the whole error.
        error: String,
    },
    /// The run was cancelled: after a stop, an action did not finish within the grace period.
    Cancelled {
        /// The node at which it can be resumed.
        node: String,
    },
}

impl<G: Graph> RunHandle<G> {
    pub(super) fn new(session: SessionHandle<G>, before: Cursor) -> Self {
        Self { session, before }
    }

    /// Returns the session.
    pub fn session(&self) -> &SessionHandle<G> {
        &self.session
    }

    /// Returns the cursor just before the run's first event: a reader that follows from there, over HTTP or
    /// with [`SessionHandle::follow`], receives the whole run.
    pub fn cursor(&self) -> Cursor {
        self.before
    }

    /// Follows the run from its first event to its end. If another process takes the session over, the stream
    /// ends with [`SessionError::Interrupted`] and never shows another run.
    ///
    /// # Errors
    /// Returns [`SessionError::ShuttingDown`], or an error of the log.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub async fn follow(&self) -> Result<SessionEvents, SessionError> {
        let reader = self.session.hub.admit_internal(self.session.id())?;
        self.events(Arc::new(JsonItems), reader).await
    }

    /// Waits until the run is over, and returns how it ended. Can be called repeatedly.
    ///
    /// # Errors
    /// Returns [`SessionError::Interrupted`] if the log has no end of the run and no task continues it here,
    /// [`SessionError::ShuttingDown`] if the server shuts down meanwhile, or an error of the log. Even in these
    /// cases the run may be over: [`SessionHandle::view`] returns the position of the session.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect on the run, which continues.
    pub async fn finish(&self) -> Result<RunEnd, SessionError> {
        let mut events = self.follow().await?;
        while let Some(event) = events.next().await {
            if let Some(end) = RunEnd::of(event?.event) {
                return Ok(end);
            }
        }
        Err(SessionError::Interrupted)
    }

    pub(crate) async fn events(
        &self,
        items: Arc<dyn EventProjection>,
        reader: Reader,
    ) -> Result<SessionEvents, SessionError> {
        let projector = Projector::new::<G>(items);
        self.session.events(Some(self.before), Until::Run, projector, reader).await
    }
}

impl RunEnd {
    fn of(event: Event) -> Option<Self> {
        Some(match event {
            Event::RunPaused { node } => Self::Paused { node },
            Event::RunEnded => Self::Ended,
            Event::RunHalted { node } => Self::Halted { node },
            Event::RunStopped { node } => Self::Stopped { node },
            Event::RunFailed { node, error } => Self::Failed { node, error },
            Event::RunCancelled { node } => Self::Cancelled { node },
            _ => return None,
        })
    }
}

impl<G: Graph> Clone for RunHandle<G> {
    fn clone(&self) -> Self {
        Self { session: self.session.clone(), before: self.before }
    }
}

impl<G: Graph> fmt::Debug for RunHandle<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunHandle")
            .field("session", &self.session)
            .field("cursor", &self.before)
            .finish()
    }
}
