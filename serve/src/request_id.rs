//! Request ids, in each response, in errors, and in the trace output.

use crate::{headers, problem::Problem, text::one_line};
use axum::{
    extract::{OriginalUri, Request},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use tracing::Instrument as _;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Largest length of an id in a request, in bytes.
const MAX_LENGTH: usize = 128;

/// The id of a request.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// Returns the id of a request, which for example a proxy sets, or a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self(headers.get(HEADER).filter(|id| is_valid(id)).cloned().unwrap_or_else(|| {
            let id = format!("{:032x}", fastrand::u128(..));
            HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("none"))
        }))
    }

    fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// Adds the id to a response, and to the problem in its body if it is one.
    pub(crate) fn finish(self, mut response: Response) -> Response {
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            *response.body_mut() = problem.body(Some(self.as_str()));
            response.headers_mut().remove(header::CONTENT_LENGTH);
        }
        response.headers_mut().insert(HEADER, self.0);
        response
    }
}

fn is_valid(id: &HeaderValue) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:+/=".contains(byte);
    (1..=MAX_LENGTH).contains(&id.len()) && id.as_bytes().iter().all(plain)
}

/// Handles a request in a span with its id, and adds the headers of every response.
pub(crate) async fn identify(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    // for other layers, and for the routes
    request.headers_mut().insert(HEADER, id.0.clone());
    let uri = request.extensions().get::<OriginalUri>().map_or(request.uri(), |uri| &uri.0);
    // at the level of errors: otherwise the span would be missing if only errors are traced
    let span = tracing::error_span!(
        "request",
        request_id = id.as_str(),
        method = request.method().as_str(),
        path = one_line(uri.path()),
    );
    let answered =
        AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
    let mut response = match answered {
        Ok(response) => response,
        Err(_) => span.in_scope(Problem::panicked).into_response(),
    };
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "request answered"));
    headers::protect(response.headers_mut());
    id.finish(response)
}

/// Responds to a request with a problem, before it reaches a route.
pub(crate) fn reject(request: &Request, problem: Problem) -> Response {
    let mut response = problem.into_response();
    headers::protect(response.headers_mut());
    RequestId::of(request.headers()).finish(response)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn valid_id_of_a_request_is_kept_and_others_are_replaced() {
        let id = |given: &[u8]| {
            let value = HeaderValue::from_bytes(given).unwrap();
            RequestId::of(&HeaderMap::from_iter([(HEADER, value)]))
        };
        for valid in ["a", "0191b2-4f.x_y", "Root=1-67891233-abcdef012345678912345678", "YWJj+/=="]
        {
            assert_eq!(id(valid.as_bytes()).as_str(), valid);
        }
        let long = "x".repeat(129);
        for other in
            [&b""[..], b"a b", b"a\tb", b"<script>", b"a\"", b"\xe2\x80\xae", long.as_bytes()]
        {
            let made = id(other);
            assert_eq!(made.as_str().len(), 32, "{other:?}");
            assert!(made.as_str().bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
        let [one, two] = [(), ()].map(|()| RequestId::of(&HeaderMap::new()));
        assert_ne!(one.as_str(), two.as_str());
    }
}
