//! Errors of children.

use crate::{
    action::{CallError, mark_terminal},
    log::{LogError, SessionId},
    outcome::{RestoreError, RunError, RunErrorKind},
    run::{BuildError, ReadError},
};
use std::{error::Error, fmt};

/// The error of a child.
///
/// As the error of an action, it is terminal if another attempt would fail again: because the error of the child is terminal, or
/// the child cannot be started. After any other error, a retry or a resume of the step continues the child where it failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SubError {
    /// The run of the child failed.
    #[non_exhaustive]
    Failed {
        /// The key of the child.
        key: String,
        /// Its session.
        session: SessionId,
        /// The error that ended its run.
        error: RunError,
    },
    /// The key is used twice, the child cannot be recorded, or the attempt is over.
    Call(CallError),
    /// The session of the child could not be opened or read.
    #[non_exhaustive]
    Open {
        /// The key of the child.
        key: String,
        /// The cause.
        error: BuildError,
    },
    /// An item that the child has shown does not fit the type of the items.
    #[non_exhaustive]
    Item {
        /// The key of the child.
        key: String,
        /// The message of serde.
        reason: String,
    },
    /// The child would be nested too deeply.
    #[non_exhaustive]
    TooDeep {
        /// The key of the child.
        key: String,
        /// Its graph.
        graph: &'static str,
        /// The greatest number of nested children of the graph.
        depth: usize,
    },
}

impl SubError {
    /// Returns the key of the child.
    pub fn key(&self) -> &str {
        match self {
            Self::Failed { key, .. }
            | Self::Open { key, .. }
            | Self::Item { key, .. }
            | Self::TooDeep { key, .. } => key,
            Self::Call(error) => {
                // the key of the call is the name of the argument, then that of the child
                error.key().split_once('/').map_or(error.key(), |(_, key)| key)
            }
        }
    }

    /// Returns whether another attempt may succeed.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Failed { error, .. } => match error.kind() {
                RunErrorKind::Failed(failure) => failure.cause().is_retryable(),
                RunErrorKind::Log { .. } | RunErrorKind::Cancelled { .. } => true,
                // the run was not started, for example because an input is missing
                _ => false,
            },
            Self::Open { error, .. } => !matches!(error, BuildError::Open(ReadError::Restore(_))),
            Self::Call(_) | Self::Item { .. } | Self::TooDeep { .. } => false,
        }
    }

    /// Returns the error for a child whose session cannot be read.
    pub(super) fn log(key: &str, error: LogError) -> Self {
        Self::Open { key: key.to_owned(), error: ReadError::from(error).into() }
    }

    /// Returns the error for a child that another version of its graph has left.
    pub(super) fn restore(key: &str, error: RestoreError) -> Self {
        Self::Open { key: key.to_owned(), error: ReadError::from(error).into() }
    }
}

impl fmt::Display for SubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { key, session, .. } => {
                write!(f, "the child `{key}` failed in its session `{session}`")
            }
            Self::Call(error) => error.fmt(f),
            Self::Open { key, .. } => write!(f, "the child `{key}` could not be opened"),
            Self::Item { key, reason } => {
                write!(f, "an item of the child `{key}` cannot be read back: {reason}")
            }
            Self::TooDeep { key, graph, depth } => write!(
                f,
                "the child `{key}` of graph `{graph}` would be nested more than {depth} deep\n\
                 help: end the recursion earlier, or allow more with `Sub<'_, {graph}, DEPTH>`"
            ),
        }
    }
}

impl Error for SubError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if !self.is_retryable() {
            mark_terminal();
        }
        match self {
            Self::Failed { error, .. } => Some(error),
            Self::Open { error, .. } => Some(error),
            Self::Call(_) | Self::Item { .. } | Self::TooDeep { .. } => None,
        }
    }
}

impl From<CallError> for SubError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}
