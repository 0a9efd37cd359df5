//! Errors that end a run.

use super::RestoreError;
use crate::{action::Failure, log::LogError};
use std::{fmt, time::Duration};
use thiserror::Error;

/// An error that ends a run, or that keeps it from starting.
///
/// State and position are always those of the last commit. [`kind`](Self::kind) returns the cause:
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
/// It has the size of a pointer, so that the `Result` of an item is hardly larger than the item.
#[derive(Clone, Error)]
#[error(transparent)]
pub struct RunError(Box<RunErrorKind>);

impl RunError {
    /// The kind of the error.
    pub fn kind(&self) -> &RunErrorKind {
        &self.0
    }

    /// Converts the error into its kind.
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

/// The kind of a [`RunError`].
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// use burdock::RunErrorKind;
///
/// let mut app = Cafe::app().build().await?;
/// let error = app.run(CafeInputs { cups: 100 }).await.unwrap_err();
/// match error.kind() {
///     RunErrorKind::Failed(failure) => {
///         assert_eq!(failure.node(), "brew");
///         assert_eq!(failure.error().unwrap().to_string(), "out of beans");
///     }
///     _ => return Err(error.into()),
/// }
/// app.restart(CafeInputs { cups: 1 }).await?; // the run is unfinished; inputs that fit complete it
/// assert_eq!(app.state().cups, 1);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum RunErrorKind {
    /// `run` was called while the last run is unfinished.
    #[error(
        "the last run is unfinished at node `{node}`: `resume()` continues it, `restart(inputs)` starts it again"
    )]
    Unfinished {
        /// The node of the position.
        node: &'static str,
    },
    /// `run`, `resume` or `restart` was called after the session has ended.
    #[error("the session has ended: `reopen()` moves it back to its start")]
    Ended,
    /// The feature `tokio` is disabled, and no runtime was set.
    #[error(
        "the run has no runtime: enable the feature `tokio`, or build an app with `.runtime(…)`"
    )]
    NoRuntime,
    /// `resume` or `restart` was called while the session is at rest.
    #[error("the session is at rest before node `{node}`: `run(inputs)` starts a run")]
    AtRest {
        /// The node at which the next run starts.
        node: &'static str,
    },
    /// `reopen` was called before the session has ended.
    #[error("the session has not ended, it is at node `{node}`")]
    NotEnded {
        /// The node of the position.
        node: &'static str,
    },
    /// `resume` was called, but the inputs of the run are not known: the app was built at an unfinished position,
    /// or the recorded inputs no longer fit the types of the graph.
    #[error(
        "the inputs of the run at node `{node}` are not known: `restart(inputs)` starts it again with new ones"
    )]
    InputsUnknown {
        /// The node of the position.
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
    /// A step failed, and its node has no `on error` edge.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// A stop was requested, and the action did not finish in time or abandoned its step.
    #[error("node `{node}` {}", cancelled(*.grace_period))]
    Cancelled {
        /// The node.
        node: &'static str,
        /// The grace period; zero if the action [abandoned](crate::Context::abandon) its step.
        grace_period: Duration,
    },
    /// The log did not store an entry. State and position are those of the last commit. The next operation reads
    /// the session again, unless another writer has opened it.
    #[error("the session could not be recorded at node `{node}`")]
    Log {
        /// The node of the position.
        node: &'static str,
        /// The error of the log.
        source: LogError,
    },
    /// The session was read again after an error of the log, and does not fit the graph.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// A blocking app was used inside an async runtime, which it would block.
    #[error(
        "the blocking app was used inside an async runtime, which it would block: use `App` and `.await` there"
    )]
    InsideRuntime,
}

/// Returns the message of a cancelled node, after its name.
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
    fn error_has_the_messages_of_its_kind() {
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
