//! Errors as clients receive them (RFC 9457), without internals of the program.

mod session;

use crate::{
    body_error::{BodyTimeout, TooManyBytes},
    schema,
    text::one_line,
};
use axum::{
    body::Body,
    extract::rejection::{JsonRejection, PathRejection, QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;

const INTERNAL: &str = "internal error; details are in the server's trace output";

/// Seconds until a client should retry.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// An error as a client receives it: `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    #[serde(serialize_with = "number")]
    #[schemars(with = "u16")]
    status: StatusCode,
    /// The error, in one word.
    code: &'static str,
    /// The error and its remedy.
    detail: String,
    /// The cursor from which a reader can continue if the entries after its own were removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "schema::Cursor")]
    first: Option<String>,
}

/// A problem with the id of the request.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Identified<'p> {
    #[serde(flatten)]
    problem: &'p Problem,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    request_id: Option<&'p str>,
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
        // escaped, because it may quote the request
        let detail = one_line(&detail.into());
        Self { kind: "about:blank", title, status, code, detail, first: None }
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
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is no resource at this path")
    }

    pub(crate) fn method_not_allowed() -> Self {
        let detail = "this path does not support the method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    pub(crate) fn overloaded() -> Self {
        let detail = "the server has too many bytes of other requests in memory: try again later";
        Self::unavailable("overloaded", detail)
    }

    fn body_timeout() -> Self {
        let detail = "the body of the request did not arrive in time";
        Self::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail)
    }

    /// Creates the problem of a panic in the program, whose message is written by the panic hook.
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
    /// Returns the body of the response.
    pub(crate) fn body(&self, request_id: Option<&str>) -> Body {
        Body::from(
            serde_json::to_vec(&Identified { problem: self, request_id }).unwrap_or_default(),
        )
    }

    /// Returns whether the same request may succeed if it is retried.
    fn is_temporary(&self) -> bool {
        // a retry may start a second run
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
        // for `RequestId::finish`, which adds the id of the request
        response.extensions_mut().insert(self);
        response
    }
}

/// Returns whether an error or one of its sources has the type `E`.
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
