//! Who may ask: bearers of a token, and pages of known origins.

use crate::problem::Problem;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use std::{net::IpAddr, sync::Arc};
use subtle::ConstantTimeEq;

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
    pub(crate) fn around(&self, routes: Router, body: usize) -> Router {
        routes
            .fallback(|| async { Problem::not_found() })
            .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
            .layer(DefaultBodyLimit::max(body))
            .layer(middleware::from_fn_with_state(self.clone(), pass))
    }

    /// The origin of a page that asks from elsewhere and may.
    fn allowed<'h>(&self, headers: &'h HeaderMap) -> Result<Option<&'h HeaderValue>, Problem> {
        let Some(origin) = headers.get(header::ORIGIN) else {
            // a browser says so even where it names no origin
            return match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
                Some(b"cross-site" | b"same-site") => Err(foreign()),
                _ => Ok(None),
            };
        };
        let text = origin.to_str().map_err(|_| foreign())?;
        if self.origins.iter().any(|known| known == text) {
            return Ok(Some(origin));
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let own = text.split_once("://").map(|(_, host)| host);
        if own.is_some() && own == host { Ok(None) } else { Err(foreign()) }
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

fn foreign() -> Problem {
    let detail = "pages of other origins may not ask: the server has to allow their origin";
    Problem::new(StatusCode::FORBIDDEN, "foreign_origin", detail)
}

async fn pass(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let navigates = is_navigation(&request);
    let origin = match guard.allowed(request.headers()) {
        Ok(origin) => origin.cloned(),
        // a link to the page
        Err(_) if navigates => None,
        Err(problem) => return problem.into_response(),
    };
    let mut response = if origin.is_some() && request.method() == Method::OPTIONS {
        preflight()
    } else if guard.knows(request.headers()) || is_page(&request) {
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
        let exposed = HeaderValue::from_static("burdock-cursor, etag, location");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
    }
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

/// Whether a browser asks for a whole page, which another page cannot read.
fn is_navigation(request: &Request) -> bool {
    let mode = request.headers().get("sec-fetch-mode").map(HeaderValue::as_bytes);
    request.method() == Method::GET && mode == Some(b"navigate")
}

/// The page itself holds nothing that a token protects, and a browser cannot send one for it.
fn is_page(request: &Request) -> bool {
    let path = request.uri().path();
    request.method() == Method::GET && (path == "/" || path.starts_with("/assets/"))
}

fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, if-match, if-none-match, last-event-id",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Takes only requests for this machine under its own names.
pub(crate) fn only_local(routes: Router) -> Router {
    routes.layer(middleware::from_fn(|request: Request, next: Next| async move {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        if host.is_none_or(is_local) {
            return next.run(request).await;
        }
        let detail = "this server is for its own machine: ask for `localhost`";
        Problem::new(StatusCode::MISDIRECTED_REQUEST, "foreign_host", detail).into_response()
    }))
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name == "localhost"
        || name.ends_with(".localhost")
        || address.is_ok_and(|address| address.is_loopback())
}
