//! Errors as clients receive them (RFC 9457). They reveal nothing of the program.

use crate::{
    body_error::{BodyTimeout, TooManyBytes},
    text::one_line,
};
use axum::{
    body::Body,
    extract::rejection::{JsonRejection, PathRejection, QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use burdock::{
    RunError, RunErrorKind,
    log::{Cursor, LogError, SessionId},
    run::{BuildError, ReadError, RestoreError},
};
use serde::Serialize;

const INTERNAL: &str = "internal error; details are in the server's trace output";

/// Seconds until a client should try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// An error as a client gets it: `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    #[serde(serialize_with = "number")]
    status: StatusCode,
    /// What went wrong, in one word.
    code: &'static str,
    /// What went wrong, and what to do.
    detail: String,
    /// Where a reader whose cursor is too old may begin again.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

/// The code of the only error after which a run may have started.
const MAY_HAVE_STARTED: &str = "may_have_started";

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        // it may quote what the client sent
        let detail = one_line(&detail.into());
        Self { kind: "about:blank", title, status, code, detail, first: None }
    }

    pub(crate) fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    pub(crate) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    pub(crate) fn invalid_inputs(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_inputs", detail)
    }

    pub(crate) fn unavailable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
    }

    pub(crate) fn method_not_allowed() -> Self {
        let detail = "this address does not take this method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    pub(crate) fn shutting_down() -> Self {
        Self::unavailable("shutting_down", "the server is shutting down: try again")
    }

    /// Whether the run started is not known: the log failed and does not answer.
    pub(crate) fn may_have_started(why: &Self) -> Self {
        tracing::warn!(code = why.code, "whether a run started is not known");
        let detail = "the log failed while the run was being recorded: it may have started; read the \
                      session before you send the request again";
        Self::unavailable(MAY_HAVE_STARTED, detail)
    }

    /// A fork copies the state of its session, which is larger than the server allows.
    pub(crate) fn fork_too_large(bytes: usize, limit: usize) -> Self {
        let detail = format!(
            "the fork would copy {bytes} bytes of state, and the server copies at most {limit}"
        );
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    pub(crate) fn overloaded() -> Self {
        let detail = "the server holds too many bytes of other requests: try again later";
        Self::unavailable("overloaded", detail)
    }

    fn body_timeout() -> Self {
        let detail = "the body of the request did not arrive in time";
        Self::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail)
    }

    pub(crate) fn running() -> Self {
        let detail =
            "a run is under way: wait for it, stop it, or ask with `if_running=wait` or `stop`";
        Self::conflict("running", detail)
    }

    pub(crate) fn too_many_waiting() -> Self {
        let detail = "too many requests wait for their turn in the session: try again later";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_waiting", detail)
    }

    pub(crate) fn interrupted() -> Self {
        let detail = "the run was interrupted and is unfinished: resume it, or begin it again";
        Self::unavailable("interrupted", detail)
    }

    /// A cursor's place is gone; following from `first` tells what is left.
    pub(crate) fn trimmed(first: Option<Cursor>) -> Self {
        let detail = "what follows this cursor was removed: read the session, or begin at `first`";
        let gone = Self::new(StatusCode::GONE, "trimmed", detail);
        Self { first: first.map(|cursor| cursor.to_string()), ..gone }
    }

    /// What went wrong with a session, which trace output names.
    pub(crate) fn about(session: &SessionId, error: impl Into<Self>) -> Self {
        tracing::error_span!("session", %session).in_scope(|| error.into())
    }

    /// An error whose cause is for the server's operator only.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = chain(error), "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", INTERNAL)
    }

    /// A panic of the program, whose message the panic hook writes.
    pub(crate) fn panicked() -> Self {
        tracing::error!("a request panicked");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", INTERNAL)
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn into_detail(self) -> String {
        self.detail
    }
}

/// An error and what caused it, in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        line = format!("{line}: {error}");
        source = error.source();
    }
    line
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match &error {
            LogError::NoSession { .. } => {
                Self::new(StatusCode::NOT_FOUND, "unknown_session", error.to_string())
            }
            LogError::SessionExists { .. } => {
                Self::new(StatusCode::PRECONDITION_FAILED, "session_exists", error.to_string())
            }
            LogError::InvalidId { .. } => Self::bad_request("invalid_id", error.to_string()),
            LogError::InvalidCursor { .. } | LogError::NoEntry { .. } => {
                Self::bad_request("invalid_cursor", error.to_string())
            }
            LogError::Trimmed { .. } => Self::trimmed(None),
            LogError::Fenced { .. } | LogError::Busy { .. } => {
                Self::conflict("fenced", "another process has the session: try again")
            }
            LogError::NotSerialisable { .. } => Self::invalid_inputs(error.to_string()),
            LogError::Unavailable(_) => {
                tracing::warn!(error = chain(&error), "the log cannot be reached");
                Self::unavailable("unavailable", "the sessions cannot be reached: try again")
            }
            LogError::Full { .. } => {
                tracing::error!(error = chain(&error), "the log is full");
                let detail = "the server has no room to store more";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "insufficient_storage", detail)
            }
            _ => Self::internal(&error),
        }
    }
}

impl From<RestoreError> for Problem {
    fn from(error: RestoreError) -> Self {
        if let RestoreError::OtherGraph { .. } = error {
            let detail = "another graph has a session with this id: choose another id";
            return Self::conflict("other_graph", detail);
        }
        // it may quote the state
        tracing::error!(error = chain(&error), "a session does not fit the graph");
        let detail = "the session was written by another version of the program and does not fit \
                      this one: it stays as it is until a version that fits is running";
        Self::conflict("session_does_not_fit", detail)
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Log(error) => error.into(),
            ReadError::Restore(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

impl From<BuildError> for Problem {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Open(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

impl From<RunError> for Problem {
    fn from(error: RunError) -> Self {
        match error.into_kind() {
            RunErrorKind::Unfinished { node } => Self::conflict(
                "unfinished",
                format!(
                    "the last run is unfinished at node `{node}`: resume it, or ask with `if_unfinished=restart`"
                ),
            ),
            RunErrorKind::Ended => {
                Self::conflict("ended", "the session has ended: reopen it, or begin another one")
            }
            RunErrorKind::AtRest { .. } => {
                Self::conflict("at_rest", "there is no unfinished run to go on with: begin one")
            }
            RunErrorKind::NotEnded { .. } => {
                Self::conflict("not_ended", "the session has not ended")
            }
            RunErrorKind::InputsUnknown { .. } => Self::conflict(
                "inputs_unknown",
                "the inputs of the unfinished run do not fit any more: begin it again with others",
            ),
            RunErrorKind::MissingInput { input, .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_inputs",
                format!("the input `{input}` is missing"),
            ),
            RunErrorKind::Log { source, .. } => source.into(),
            RunErrorKind::Restore(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        if is_caused_by::<BodyTimeout>(&rejection) {
            return Self::body_timeout();
        }
        if is_caused_by::<TooManyBytes>(&rejection) {
            return Self::overloaded();
        }
        let (status, detail) = (rejection.status(), rejection.body_text());
        match status {
            StatusCode::UNPROCESSABLE_ENTITY => Self::new(status, "invalid_inputs", detail),
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::new(status, "too_large", "the body is too large")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                let detail = "send JSON, with `content-type: application/json`";
                Self::new(status, "not_json", detail)
            }
            _ => Self::new(StatusCode::BAD_REQUEST, "malformed_body", detail),
        }
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request("invalid_query", rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_request("invalid_id", rejection.body_text())
    }
}

impl Problem {
    /// Returns the body of the answer.
    pub(crate) fn body(&self, request_id: Option<&str>) -> Body {
        #[derive(Serialize)]
        struct Identified<'p> {
            #[serde(flatten)]
            problem: &'p Problem,
            #[serde(skip_serializing_if = "Option::is_none")]
            request_id: Option<&'p str>,
        }
        Body::from(
            serde_json::to_vec(&Identified { problem: self, request_id }).unwrap_or_default(),
        )
    }

    /// Returns whether the same request may succeed a little later.
    fn is_temporary(&self) -> bool {
        // a client that sends this one again may start a second run
        self.code != MAY_HAVE_STARTED
            && matches!(
                self.status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
            )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body(None));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if self.is_temporary() {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        // for the one who adds the request's id
        response.extensions_mut().insert(self);
        response
    }
}

/// Returns whether an error is one of a type, or was caused by one.
fn is_caused_by<E: std::error::Error + 'static>(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<E>() {
            return true;
        }
        cause = error.source();
    }
    false
}
