//! Errors that end a run.

use super::RestoreError;
use crate::{action::Failure, log::LogError};
use std::{fmt, time::Duration};
use thiserror::Error;

/// An error that ends a run, or that keeps it from starting.
///
/// State and position are those of the last commit in every case. [`kind`](Self::kind) says what
/// went wrong:
///
/// ```
/// use burdock::{RunError, RunErrorKind};
///
/// fn advice(error: &RunError) -> &'static str {
///     match error.kind() {
///         RunErrorKind::Unfinished { .. } => "resume the last run first",
///         RunErrorKind::Failed(failure) if failure.attempts() > 1 => "it was tried more than once",
///         _ => "see the message",
///     }
/// }
/// # assert_eq!(advice(&RunErrorKind::Ended.into()), "see the message");
/// ```
///
/// It is one pointer wide, so that the `Result` of an item is hardly larger than the item.
#[derive(Clone, Error)]
#[error(transparent)]
pub struct RunError(Box<RunErrorKind>);

impl RunError {
    /// What went wrong.
    pub fn kind(&self) -> &RunErrorKind {
        &self.0
    }

    /// Returns what went wrong by value.
    pub fn into_kind(self) -> RunErrorKind {
        *self.0
    }
}

impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<RunErrorKind> for RunError {
    #[cold]
    fn from(kind: RunErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

impl From<Failure> for RunError {
    fn from(failure: Failure) -> Self {
        RunErrorKind::from(failure).into()
    }
}

impl From<RestoreError> for RunError {
    fn from(error: RestoreError) -> Self {
        RunErrorKind::from(error).into()
    }
}

/// What went wrong in a [`RunError`].
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum RunErrorKind {
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
    /// A stop was asked for, and the action did not finish in time or abandoned its step.
    #[error("node `{node}` {}", cancelled(*.grace_period))]
    Cancelled {
        /// The node.
        node: &'static str,
        /// How long it was given; zero if it [abandoned](crate::Context::abandon) its step.
        grace_period: Duration,
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

/// What the stop did to the node.
fn cancelled(grace_period: Duration) -> String {
    if grace_period.is_zero() {
        "was cancelled by the stop".to_owned()
    } else {
        format!("did not finish within {grace_period:?} after the stop, and was cancelled")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{ActionError, FailureCause};
    use std::error::Error as _;

    #[test]
    fn result_of_an_item_is_at_most_a_pointer_larger_than_the_item() {
        let pointer = size_of::<usize>();
        assert_eq!(size_of::<RunError>(), pointer);
        assert_eq!(size_of::<Result<(), RunError>>(), pointer);
        assert_eq!(size_of::<Result<u64, RunError>>(), 2 * pointer);
        assert_eq!(size_of::<Result<String, RunError>>(), size_of::<String>());
    }

    #[test]
    fn error_reads_like_its_kind() {
        let cause = FailureCause::Error(ActionError::msg("no line"));
        let kinds = [
            RunErrorKind::Unfinished { node: "ask" },
            RunErrorKind::Log { node: "ask", source: LogError::Closed },
            RunErrorKind::Failed(Failure::new("ask", 2, cause)),
        ];
        for kind in kinds {
            let error = RunError::from(kind.clone());
            assert_eq!(error.to_string(), kind.to_string());
            assert_eq!(format!("{error:?}"), format!("{kind:?}"));
            assert_eq!(format!("{error:#?}"), format!("{kind:#?}"));
            let sources = (error.source(), kind.source());
            assert_eq!(sources.0.map(ToString::to_string), sources.1.map(ToString::to_string));
            assert_eq!(format!("{:?}", error.into_kind()), format!("{kind:?}"));
        }
    }
}
