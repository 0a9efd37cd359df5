//! Errors of operations on sessions: one set of cases for the program's own code and for HTTP clients.

use burdock::{
    RunError, RunErrorKind,
    log::{Cursor, LogError, SessionId},
    run::{BuildError, ReadError, RestoreError},
};
use std::{error::Error, sync::Arc};

/// An error of an operation on a served session.
///
/// HTTP clients receive the same cases as `application/problem+json`, with [`code`](Self::code) as their `code`.
/// Details for the operator, such as the error of a database, are in the
/// [`source`](std::error::Error::source) and are never sent to clients.
///
/// ```
/// # use burdock::{log::MemoryLog, prelude::*};
/// # use burdock_serve::Server;
/// # use serde::{Deserialize, Serialize};
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
/// let session = server.session("anna")?;
/// let error = session.start(CountingInputs { by: 2 }).existing().await.unwrap_err();
/// assert_eq!(error.to_string(), "there is no session `anna`");
/// assert_eq!(error.code(), "unknown_session");
/// assert!(!error.is_retryable());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The session does not exist, or belongs to another graph.
    #[error("there is no session `{session}`")]
    NotFound {
        /// The session.
        session: SessionId,
    },
    /// The session exists already, but was required to be new.
    #[error("the session `{session}` already exists")]
    AlreadyExists {
        /// The session.
        session: SessionId,
    },
    /// The text is not a valid id of a session.
    #[error(transparent)]
    InvalidId(LogError),
    /// The text is not a cursor, or the session never had it.
    #[error(transparent)]
    InvalidCursor(LogError),
    /// Entries after the cursor were removed from the log.
    #[error("entries after this cursor were removed")]
    Trimmed {
        /// The cursor just before the first remaining entry; `None` if that entry is the first of the session.
        first: Option<Cursor>,
    },
    /// The inputs do not have the types of the graph, or cannot be recorded.
    #[error("invalid inputs: {reason}")]
    InvalidInputs {
        /// The name of the input, and the error in it.
        reason: String,
    },
    /// Another run of the session is in progress in this process.
    #[error("a run of the session is in progress")]
    Running,
    /// The last run of the session has to be resumed or restarted first.
    #[error("the last run is unfinished at node `{node}`")]
    Unfinished {
        /// The node at which it can be resumed.
        node: &'static str,
    },
    /// The session has ended and has to be reopened first.
    #[error("the session has ended")]
    Ended,
    /// There is no unfinished run to resume.
    #[error("there is no unfinished run to resume")]
    AtRest,
    /// A session that has not ended cannot be reopened.
    #[error("the session has not ended")]
    NotEnded,
    /// The recorded inputs of the unfinished run no longer have the graph's types.
    #[error("the inputs of the unfinished run no longer fit the graph")]
    InputsUnknown,
    /// A session of another graph has this id.
    #[error("another graph has a session with this id")]
    OtherGraph,
    /// Another version of the program wrote the session, and this one cannot open it.
    #[error("the session `{session}` does not fit the graph")]
    DoesNotFit {
        /// The session.
        session: SessionId,
        /// The part that does not fit. The message may quote the state.
        source: RestoreError,
    },
    /// Another process opened the session at the same time.
    #[error("another process has opened the session")]
    Fenced,
    /// The run is unfinished and not in progress: its process died, or the log failed.
    #[error("the run was interrupted and is unfinished")]
    Interrupted,
    /// The session was deleted while a reader followed it.
    #[error("the session `{session}` was deleted")]
    Deleted {
        /// The session.
        session: SessionId,
    },
    /// A limit of readers is reached.
    #[error("too many readers: at most {limit} at a time")]
    TooManyReaders {
        /// The limit, of the session or of the server.
        limit: usize,
    },
    /// Too many requests wait for a run of the session.
    #[error("too many requests wait for a run of the session")]
    TooManyWaiting,
    /// Too many sessions are open, and none of them is idle.
    #[error("too many sessions are in use")]
    TooManySessions,
    /// The state exceeds the limit for forks.
    #[error("the fork would copy {bytes} bytes of state, and the server copies at most {limit}")]
    ForkTooLarge {
        /// The size of the state as JSON.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The server is shutting down or was shut down.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The log cannot be reached. The run did not start.
    #[error(transparent)]
    Unavailable(LogError),
    /// The log failed while it recorded the start of the run. The run may have started or not.
    #[error("the log failed while the run was being recorded: it may have started")]
    MayHaveStarted(#[source] Arc<SessionError>),
    /// The log is full.
    #[error(transparent)]
    Full(LogError),
    /// The operation needs a tokio runtime and was polled outside of one.
    #[error("sessions are opened in tokio tasks: await this inside a tokio runtime")]
    OutsideRuntime,
    /// Code of the program panicked while the session was opened, such as a constructor of a resource or of the
    /// first state.
    #[error("opening the session panicked")]
    Panicked,
    /// An unexpected error of the log or of the app.
    #[error("internal error")]
    Internal(#[source] Arc<dyn Error + Send + Sync>),
}

impl SessionError {
    /// Returns the `code` of the problem that HTTP clients receive for this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "unknown_session",
            Self::AlreadyExists { .. } => "session_exists",
            Self::InvalidId(_) => "invalid_id",
            Self::InvalidCursor(_) => "invalid_cursor",
            Self::Trimmed { .. } => "trimmed",
            Self::InvalidInputs { .. } => "invalid_inputs",
            Self::Running => "running",
            Self::Unfinished { .. } => "unfinished",
            Self::Ended => "ended",
            Self::AtRest => "at_rest",
            Self::NotEnded => "not_ended",
            Self::InputsUnknown => "inputs_unknown",
            Self::OtherGraph => "other_graph",
            Self::DoesNotFit { .. } => "session_does_not_fit",
            Self::Fenced => "fenced",
            Self::Interrupted => "interrupted",
            Self::Deleted { .. } => "deleted",
            Self::TooManyReaders { .. } => "too_many_readers",
            Self::TooManyWaiting => "too_many_waiting",
            Self::TooManySessions => "too_many_sessions",
            Self::ForkTooLarge { .. } => "too_large",
            Self::ShuttingDown => "shutting_down",
            Self::Unavailable(_) => "unavailable",
            Self::MayHaveStarted(_) => "may_have_started",
            Self::Full(_) => "insufficient_storage",
            Self::OutsideRuntime | Self::Panicked | Self::Internal(_) => "internal",
        }
    }

    /// Returns whether the same call may succeed if it is retried, without the risk of a second run.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Fenced
                | Self::TooManyReaders { .. }
                | Self::TooManyWaiting
                | Self::TooManySessions
                | Self::Unavailable(_)
        )
    }

    pub(crate) fn invalid_inputs(reason: impl Into<String>) -> Self {
        Self::InvalidInputs { reason: reason.into() }
    }

    /// Converts an error of reading a session.
    pub(crate) fn of_read(session: &SessionId, error: ReadError) -> Self {
        match error {
            ReadError::Log(error) => error.into(),
            ReadError::Restore(error) => Self::of_restore(session, error),
            error => Self::Internal(Arc::new(error)),
        }
    }

    /// Converts an error of opening a session.
    pub(crate) fn of_build(session: &SessionId, error: BuildError) -> Self {
        match error {
            BuildError::Open(error) => Self::of_read(session, error),
            error => Self::Internal(Arc::new(error)),
        }
    }

    /// Converts an error of a run.
    pub(crate) fn of_run(session: &SessionId, error: RunError) -> Self {
        match error.into_kind() {
            RunErrorKind::Unfinished { node } => Self::Unfinished { node },
            RunErrorKind::Ended => Self::Ended,
            RunErrorKind::AtRest { .. } => Self::AtRest,
            RunErrorKind::NotEnded { .. } => Self::NotEnded,
            RunErrorKind::InputsUnknown { .. } => Self::InputsUnknown,
            RunErrorKind::MissingInput { input, .. } => {
                Self::invalid_inputs(format!("the input `{input}` is missing"))
            }
            // when a run starts, only its inputs can fail to be serialized
            RunErrorKind::Log { source: source @ LogError::NotSerializable { .. }, .. } => {
                Self::invalid_inputs(source.to_string())
            }
            RunErrorKind::Log { source, .. } => source.into(),
            RunErrorKind::Restore(error) => Self::of_restore(session, error),
            error => Self::Internal(Arc::new(error)),
        }
    }

    fn of_restore(session: &SessionId, source: RestoreError) -> Self {
        match source {
            RestoreError::OtherGraph { .. } => Self::OtherGraph,
            source => Self::DoesNotFit { session: session.clone(), source },
        }
    }
}

impl From<LogError> for SessionError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::NoSession { session } => Self::NotFound { session },
            LogError::SessionExists { session } => Self::AlreadyExists { session },
            LogError::InvalidId { .. } => Self::InvalidId(error),
            LogError::InvalidCursor { .. }
            | LogError::UnknownCursor { .. }
            | LogError::NoEntry { .. } => Self::InvalidCursor(error),
            LogError::Trimmed { .. } => Self::Trimmed { first: None },
            LogError::Fenced { .. } | LogError::Busy { .. } => Self::Fenced,
            LogError::Unavailable(_) => Self::Unavailable(error),
            LogError::Full { .. } => Self::Full(error),
            error => Self::Internal(Arc::new(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retryable_errors_cannot_start_a_second_run() {
        let unavailable =
            || SessionError::Unavailable(LogError::Unavailable(Arc::new(std::fmt::Error)));
        assert!(unavailable().is_retryable());
        assert!(!SessionError::MayHaveStarted(Arc::new(unavailable())).is_retryable());
        assert!(!SessionError::ShuttingDown.is_retryable());
    }

    #[test]
    fn message_never_repeats_its_source() {
        let log = || LogError::Unavailable(Arc::new(std::fmt::Error));
        for error in [
            SessionError::from(log()),
            SessionError::from(LogError::Closed),
            SessionError::MayHaveStarted(Arc::new(log().into())),
        ] {
            let source = error.source().map(ToString::to_string).unwrap_or_default();
            assert!(
                !source.is_empty() && !error.to_string().contains(&source),
                "{error}: {source}"
            );
        }
    }
}
