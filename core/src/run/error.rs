//! What a run ends with when it comes to no outcome.

use super::RestoreError;
use crate::{action::Failure, log::LogError};
use std::time::Duration;
use thiserror::Error;

/// Why a run did not start, or did not come to an outcome.
///
/// State and position are those of the last commit in every case.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// `run` on an app whose last run did not finish.
    #[error(
        "the last run is unfinished at node `{node}`: `resume()` goes on there, `restart(inputs)` begins it again"
    )]
    Unfinished {
        /// Where it is.
        node: &'static str,
    },
    /// `run`, `resume` or `restart` on an app that has ended.
    #[error("the session has ended: `reopen()` puts it at its start")]
    Ended,
    /// `resume` or `restart` on an app at rest.
    #[error("the session is at rest before node `{node}`: `run(inputs)` begins a run")]
    AtRest {
        /// Where the next run begins.
        node: &'static str,
    },
    /// `reopen` on an app that has not ended.
    #[error("the session has not ended, it is at node `{node}`")]
    NotEnded {
        /// Where it is.
        node: &'static str,
    },
    /// `resume` on an app that was built at an unfinished position without a record of its inputs,
    /// or whose recorded inputs do not have the graph's types any more.
    #[error(
        "the inputs of the run at node `{node}` are not known: `restart(inputs)` gives them anew"
    )]
    InputsUnknown {
        /// Where it is.
        node: &'static str,
    },
    /// An optional input was not given, and a node that needs it can be reached.
    #[error(
        "the run can reach node `{node}`, which needs the input `{input}`, but it was not given"
    )]
    MissingInput {
        /// The node.
        node: &'static str,
        /// The input.
        input: &'static str,
    },
    /// A step failed, and no `on error` edge leads on.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// A stop was asked for, and the action did not finish in time.
    #[error("node `{node}` did not finish within {grace:?} after the stop, and was cancelled")]
    Cancelled {
        /// The node.
        node: &'static str,
        /// How long it was given.
        grace: Duration,
    },
    /// The log did not take what happened. State and position are those of the last commit; the next
    /// operation reads the session back, unless somebody else opened it.
    #[error("the session could not be recorded at node `{node}`")]
    Log {
        /// Where the session is.
        node: &'static str,
        /// Why.
        source: LogError,
    },
    /// The session that was read back does not fit the graph.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The blocking façade was called where it would block an async runtime.
    #[error(
        "the blocking app was used inside an async runtime, which it would block: use `App` and `.await` there"
    )]
    InsideRuntime,
}
