//! Who may ask: bearers of a token, and pages of known origins.

use crate::{
    host::{Host, Origin},
    in_flight::{BytesInFlight, count},
    problem::Problem,
    request_id::{identify, refuse},
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

/// Answers of fewer bytes are sent as they are.
const COMPRESSED: u16 = 1024;

/// Who may ask.
#[derive(Clone, Default)]
pub(crate) struct Guard {
    /// What a request has to bring.
    pub(crate) token: Option<Arc<str>>,
    /// Origins beside the server's own.
    pub(crate) origins: Vec<String>,
}

impl Guard {
    /// Puts itself in front of routes.
    pub(crate) fn around(
        &self,
        routes: Router,
        in_flight: BytesInFlight,
        max_body: usize,
    ) -> Router {
        // an event has to be sent when it happens, and the dictionary of each stream would take memory
        let compressible =
            SizeAbove::new(COMPRESSED).and(NotForContentType::SSE).and(NotForContentType::IMAGES);
        routes
            .fallback(|| async { Problem::not_found() })
            .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
            .layer(DefaultBodyLimit::max(max_body))
            .layer(middleware::from_fn_with_state(in_flight, count))
            .layer(middleware::from_fn_with_state(self.clone(), pass))
            .layer(middleware::from_fn(identify))
            // last, because the id of a request is added to errors
            .layer(CompressionLayer::new().compress_when(compressible))
    }

    /// Returns the origin of a page that was served elsewhere and is allowed to ask.
    fn allowed<'r>(&self, request: &'r Request) -> Result<Option<&'r HeaderValue>, Problem> {
        let host = Host::of(request)?;
        let headers = request.headers();
        let Some(header) = headers.get(header::ORIGIN) else {
            // a browser says so even where it names no origin
            return match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
                Some(b"cross-site" | b"same-site") => Err(foreign()),
                _ => Ok(None),
            };
        };
        let text = header.to_str().map_err(|_| foreign())?;
        let origin = Origin::parse(text);
        let is_known =
            |known: &String| known == text || origin.is_some() && Origin::parse(known) == origin;
        if self.origins.iter().any(is_known) {
            return Ok(Some(header));
        }
        match (origin, host) {
            (Some(origin), Some(host)) if origin.is_of(&host) => Ok(None),
            _ => Err(foreign()),
        }
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
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

fn foreign() -> Problem {
    let detail = "cross-origin requests are not allowed: the server has to allow the page's origin";
    Problem::new(StatusCode::FORBIDDEN, FOREIGN, detail)
}

/// The headers of an answer that pages of other origins may read.
const EXPOSED: &str = "burdock-cursor, etag, location, retry-after, x-request-id";

async fn pass(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let navigates = is_navigation(&request);
    let origin = match guard.allowed(&request) {
        Ok(origin) => origin.cloned(),
        // a link to the page
        Err(problem) if navigates && problem.code() == FOREIGN => None,
        Err(problem) => return problem.into_response(),
    };
    let mut response = if origin.is_some() && request.method() == Method::OPTIONS {
        preflight()
    } else if guard.knows(request.headers()) || is_open(&request) {
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

/// Whether a browser asks for a whole page, which another page cannot read.
fn is_navigation(request: &Request) -> bool {
    let mode = request.headers().get("sec-fetch-mode").map(HeaderValue::as_bytes);
    request.method() == Method::GET && mode == Some(b"navigate")
}

/// Returns whether a request needs no token: the page itself holds nothing that a token protects, and a
/// browser cannot send one for it; a load balancer that asks after the server's health has none.
fn is_open(request: &Request) -> bool {
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

/// Serves only requests for this machine under its own names.
pub(crate) fn only_local(routes: Router) -> Router {
    routes.layer(middleware::from_fn(|request: Request, next: Next| async move {
        match Host::of(&request) {
            Ok(host) if host.as_ref().is_none_or(Host::is_local) => next.run(request).await,
            Ok(_) => {
                let detail = "this server is for its own machine: ask for `localhost`";
                let problem = Problem::new(StatusCode::MISDIRECTED_REQUEST, "foreign_host", detail);
                refuse(&request, problem)
            }
            Err(problem) => refuse(&request, problem),
        }
    }))
}
