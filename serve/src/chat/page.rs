//! The page: embedded, without a build step, and allowed to do as little as it needs.

use crate::problem::Problem;
use axum::{
    extract::{OriginalUri, Path},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};

/// Nothing but the page's own modules and style runs, and nothing leaves its origin.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const INDEX: &str = include_str!("page/index.html");

macro_rules! assets {
    ($($file:literal),* $(,)?) => {
        [$(($file, include_str!(concat!("page/", $file)))),*]
    };
}

/// What the page loads.
const ASSETS: [(&str, &str); 17] = assets!(
    "api.js",
    "composer.js",
    "focus.js",
    "icon.svg",
    "inline.js",
    "layout.js",
    "main.js",
    "markdown.js",
    "panels.js",
    "path.js",
    "render.js",
    "session.js",
    "sessions.js",
    "store.js",
    "stream.js",
    "style.css",
    "view.js",
);

/// The page, with or without a slash at the end of the path under which it is nested. What it loads
/// is found relative to that: in front there may be another path that a proxy takes away.
pub(super) async fn index(OriginalUri(uri): OriginalUri) -> Result<Response, Problem> {
    let kind = "text/html; charset=utf-8";
    let last = uri.path().rsplit('/').next().unwrap_or_default();
    if last.is_empty() {
        return Ok(served(INDEX, kind));
    }
    if last.contains(['"', '<', '>', '&']) {
        return Err(Problem::not_found());
    }
    Ok(served(INDEX.replace("=\"assets/", &format!("=\"./{last}/assets/")), kind))
}

pub(super) async fn asset(Path(file): Path<String>) -> Result<Response, Problem> {
    let (name, text) =
        ASSETS.iter().find(|(name, _)| *name == file).ok_or_else(Problem::not_found)?;
    let kind = match name.rsplit_once('.') {
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    };
    Ok(served(*text, kind))
}

fn served(text: impl IntoResponse, kind: &'static str) -> Response {
    let mut response = text.into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        // embedded in the program: a new one may bring others
        (header::CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/chat/page");
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let known = name == "index.html" || ASSETS.iter().any(|(known, _)| *known == name);
            assert!(known, "{name}");
        }
    }
}
