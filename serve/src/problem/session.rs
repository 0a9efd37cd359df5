//! Problems from errors of sessions: statuses, texts for clients, and details for the trace output.

use super::{INTERNAL, Problem};
use crate::{error::SessionError, text::chain};
use axum::http::StatusCode;
use burdock::log::LogError;

/// Writes the details that clients do not receive to the trace output: convert in the span of the request.
impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        trace(&error);
        let problem = Self::new(status(&error), error.code(), detail(&error));
        match error {
            SessionError::Trimmed { first } => {
                Self { first: first.map(|cursor| cursor.to_string()), ..problem }
            }
            _ => problem,
        }
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        SessionError::from(error).into()
    }
}

fn status(error: &SessionError) -> StatusCode {
    use SessionError as E;
    match error {
        E::InvalidId(_) | E::InvalidCursor(_) => StatusCode::BAD_REQUEST,
        E::NotFound { .. } => StatusCode::NOT_FOUND,
        E::Running
        | E::Unfinished { .. }
        | E::Ended
        | E::AtRest
        | E::NotEnded
        | E::InputsUnknown
        | E::OtherGraph
        | E::DoesNotFit { .. }
        | E::Fenced => StatusCode::CONFLICT,
        E::Deleted { .. } | E::Trimmed { .. } => StatusCode::GONE,
        E::AlreadyExists { .. } => StatusCode::PRECONDITION_FAILED,
        E::ForkTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        E::InvalidInputs { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        E::TooManyReaders { .. } | E::TooManyWaiting => StatusCode::TOO_MANY_REQUESTS,
        E::OutsideRuntime | E::Panicked | E::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        E::Interrupted
        | E::TooManySessions
        | E::ShuttingDown
        | E::Unavailable(_)
        | E::MayHaveStarted(_) => StatusCode::SERVICE_UNAVAILABLE,
        E::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
    }
}

/// Returns the text for a client: the error and its remedy in terms of HTTP.
fn detail(error: &SessionError) -> String {
    use SessionError as E;
    let text = match error {
        E::InvalidInputs { reason } => return reason.clone(),
        E::Running => {
            "a run is in progress: wait for it, stop it, or set `if_running` to `wait` or `stop`"
        }
        E::Unfinished { node } => {
            return format!(
                "the last run is unfinished at node `{node}`: resume it, or set \
                 `if_unfinished` to `restart`"
            );
        }
        E::Ended => "the session has ended: reopen it, or start a run in another one",
        E::AtRest => "there is no unfinished run to resume: start a run",
        E::InputsUnknown => {
            "the inputs of the unfinished run no longer fit the graph: restart it with new inputs"
        }
        E::OtherGraph => "another graph has a session with this id: choose another id",
        E::DoesNotFit { .. } => {
            "the session was written by another version of the program and does not fit this one: it \
             remains unchanged until a version that fits is running"
        }
        E::Fenced => "another process has opened the session: try again",
        E::Interrupted => "the run was interrupted and is unfinished: resume or restart it",
        E::Trimmed { .. } => {
            "entries after this cursor were removed: read the session, or follow from `first`"
        }
        E::TooManyReaders { .. } => {
            "the session or the server has too many readers: try again later"
        }
        E::TooManyWaiting => "too many requests wait for a run of the session: try again later",
        E::TooManySessions => "too many sessions are in use: try again later",
        E::ShuttingDown => "the server is shutting down: try again",
        E::Unavailable(_) => "the log cannot be reached: try again",
        E::MayHaveStarted(_) => {
            "the log failed while the run was being recorded: it may have started; read the session \
             before you send the request again"
        }
        E::Full(_) => "the log of the server is full",
        E::OutsideRuntime | E::Panicked | E::Internal(_) => INTERNAL,
        E::NotFound { .. }
        | E::AlreadyExists { .. }
        | E::InvalidId(_)
        | E::InvalidCursor(_)
        | E::NotEnded
        | E::Deleted { .. }
        | E::ForkTooLarge { .. } => return error.to_string(),
    };
    text.to_owned()
}

/// Writes the details that clients do not receive to the trace output.
fn trace(error: &SessionError) {
    use SessionError as E;
    match error {
        E::DoesNotFit { session, source } => {
            tracing::error!(%session, error = chain(source), "a session does not fit the graph");
        }
        E::Unavailable(source) => {
            tracing::warn!(error = chain(source), "the log cannot be reached");
        }
        E::MayHaveStarted(source) => {
            tracing::warn!(error = chain(&**source), "a run may have started or not");
        }
        E::Full(source) => tracing::error!(error = chain(source), "the log is full"),
        E::Panicked => tracing::error!("a request panicked"),
        E::Internal(source) => tracing::error!(error = chain(&**source), "a request failed"),
        E::OutsideRuntime => tracing::error!(error = chain(error), "a request failed"),
        _ => {}
    }
}
