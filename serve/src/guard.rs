//! Access control: the token, and the origins of pages.

use crate::{
    host::{Host, Origin},
    in_flight::{BytesInFlight, count},
    problem::Problem,
    request_id::{identify, reject},
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tower_http::compression::{
    CompressionLayer, Predicate as _,
    predicate::{NotForContentType, SizeAbove},
};

/// Size in bytes from which on responses are compressed.
const MIN_COMPRESSED: u16 = 1024;

/// The requirements of requests.
#[derive(Clone, Default)]
pub(crate) struct Guard {
    /// The token that requests must have, if any.
    pub(crate) token: Option<Arc<str>>,
    /// Allowed origins in addition to the server's own.
    pub(crate) origins: Vec<String>,
}

impl Guard {
    /// Adds the layers that all routes share.
    pub(crate) fn layer(
        &self,
        routes: Router,
        in_flight: BytesInFlight,
        max_body: usize,
    ) -> Router {
        // events must not be buffered, and each compressed stream would need memory for its dictionary
        let compressible = SizeAbove::new(MIN_COMPRESSED)
            .and(NotForContentType::SSE)
            .and(NotForContentType::IMAGES);
        routes
            .fallback(|| async { Problem::not_found() })
            .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
            .layer(DefaultBodyLimit::max(max_body))
            .layer(middleware::from_fn_with_state(in_flight, count))
            .layer(middleware::from_fn_with_state(self.clone(), check_access))
            .layer(middleware::from_fn(identify))
            // outermost, because inner layers add the id of the request to the bodies of errors
            .layer(CompressionLayer::new().compress_when(compressible))
    }

    /// Checks the origin of a request. Returns it if it is an allowed one other than the server's own.
    fn check_origin<'r>(&self, request: &'r Request) -> Result<Option<&'r HeaderValue>, Problem> {
        let host = Host::of(request)?;
        let headers = request.headers();
        let Some(header) = headers.get(header::ORIGIN) else {
            // browsers send this header even in requests without an origin
            return match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
                Some(b"cross-site" | b"same-site") => Err(cross_origin()),
                _ => Ok(None),
            };
        };
        let text = header.to_str().map_err(|_| cross_origin())?;
        let origin = Origin::parse(text);
        let is_known =
            |known: &String| known == text || origin.is_some() && Origin::parse(known) == origin;
        if self.origins.iter().any(is_known) {
            return Ok(Some(header));
        }
        match (origin, host) {
            (Some(origin), Some(host)) if origin.is_of(&host) => Ok(None),
            _ => Err(cross_origin()),
        }
    }

    fn is_authorized(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let given = headers.get(header::AUTHORIZATION).map_or(&[][..], HeaderValue::as_bytes);
        match given.split_at_checked(7) {
            Some((scheme, given)) => {
                scheme.eq_ignore_ascii_case(b"bearer ") && bool::from(given.ct_eq(token.as_bytes()))
            }
            None => false,
        }
    }
}

/// The code of requests from other origins.
const FOREIGN: &str = "foreign_origin";

fn cross_origin() -> Problem {
    let detail = "cross-origin requests are not allowed: the origin of the page must be allowed by the server";
    Problem::new(StatusCode::FORBIDDEN, FOREIGN, detail)
}

/// The response headers that pages of other origins may read.
const EXPOSED: &str = "burdock-cursor, etag, location, retry-after, x-request-id";

async fn check_access(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let navigates = is_navigation(&request);
    let origin = match guard.check_origin(&request) {
        Ok(origin) => origin.cloned(),
        // a link on another page to this one
        Err(problem) if navigates && problem.code() == FOREIGN => None,
        Err(problem) => return problem.into_response(),
    };
    let mut response = if origin.is_some() && request.method() == Method::OPTIONS {
        preflight()
    } else if guard.is_authorized(request.headers()) || is_public(&request) {
        next.run(request).await
    } else {
        let problem = Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "send the token: `authorization: Bearer …`",
        );
        let mut response = problem.into_response();
        let scheme = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        response
    };
    let headers = response.headers_mut();
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static(EXPOSED);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

/// Returns whether a browser navigates to a page, whose content other pages cannot read.
fn is_navigation(request: &Request) -> bool {
    let mode = request.headers().get("sec-fetch-mode").map(HeaderValue::as_bytes);
    request.method() == Method::GET && mode == Some(b"navigate")
}

/// Returns whether a request needs no token. The page has no private content, and browsers cannot send a token
/// when they load it. Load balancers have no token for health checks.
fn is_public(request: &Request) -> bool {
    let path = request.uri().path();
    matches!(*request.method(), Method::GET | Method::HEAD)
        && (matches!(path, "/" | "/health" | "/ready") || path.starts_with("/assets/"))
}

fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, if-match, if-none-match, last-event-id, x-request-id",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Restricts routes to requests for a loopback host.
pub(crate) fn only_local(routes: Router) -> Router {
    routes.layer(middleware::from_fn(|request: Request, next: Next| async move {
        match Host::of(&request) {
            Ok(host) if host.as_ref().is_none_or(Host::is_local) => next.run(request).await,
            Ok(_) => {
                let detail =
                    "the server accepts only requests for `localhost` and loopback addresses";
                let problem = Problem::new(StatusCode::MISDIRECTED_REQUEST, "foreign_host", detail);
                reject(&request, problem)
            }
            Err(problem) => reject(&request, problem),
        }
    }))
}
