//! The chat page: embedded, without a build step, and with a strict content security policy.

use crate::problem::Problem;
use axum::{
    extract::{OriginalUri, Path},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Allows only the page's own modules and styles, and requests to its own origin.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const INDEX: &str = include_str!("page/index.html");

macro_rules! assets {
    ($($file:literal),* $(,)?) => {
        [$(($file, include_str!(concat!("page/", $file)))),*]
    };
}

/// The files that the page loads.
const ASSETS: [(&str, &str); 27] = assets!(
    "api.js",
    "call.js",
    "composer.js",
    "deletion.js",
    "focus.js",
    "grow.js",
    "icon.svg",
    "inline.js",
    "layout.js",
    "lines.js",
    "main.js",
    "markdown.js",
    "message.js",
    "painter.js",
    "panels.js",
    "parts.js",
    "path.js",
    "render.js",
    "session.js",
    "sessions.js",
    "store.js",
    "stream.js",
    "style.css",
    "tabs.js",
    "value.js",
    "view.js",
    "words.js",
);

/// Serves the page, with or without a slash at the end of the path under which it is nested. Its assets are
/// relative to that path, because a proxy may strip a prefix of it.
pub(super) async fn index(
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let kind = "text/html; charset=utf-8";
    let last = uri.path().rsplit('/').next().unwrap_or_default();
    if last.is_empty() {
        return Ok(served(&headers, INDEX.into(), kind));
    }
    if last.contains(['"', '<', '>', '&']) {
        return Err(Problem::not_found());
    }
    let text = INDEX.replace("=\"assets/", &format!("=\"./{last}/assets/"));
    Ok(served(&headers, text.into(), kind))
}

pub(super) async fn asset(
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (name, text) =
        ASSETS.iter().find(|(name, _)| *name == file).ok_or_else(Problem::not_found)?;
    let kind = match name.rsplit_once('.') {
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    };
    Ok(served(&headers, (*text).into(), kind))
}

/// Returns the response with a file, or 304 if the browser has it.
fn served(request: &HeaderMap, text: Cow<'static, str>, kind: &'static str) -> Response {
    let tag = tag(&text);
    let mut response = if has(request, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        text.into_response()
    };
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        // the files are embedded: another version of the program may have others
        (header::CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Returns the entity tag of a file. It is weak, because a layer may compress the file.
fn tag(text: &str) -> String {
    // has the same keys in every process, so that several processes of one build agree
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}

/// Returns whether a request has the file with this tag, by its `if-none-match`.
fn has(request: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(
        |known| known.split(',').any(|known| known.trim() == "*" || opaque(known) == opaque(tag)),
    )
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

    #[test]
    fn file_is_sent_unless_the_request_has_its_tag() {
        let tag = tag("text");
        let strong = tag.trim_start_matches("W/").to_owned();
        for (known, status) in [
            (None, 200),
            (Some("\"other\"".into()), 200),
            (Some("nonsense, W/".into()), 200),
            (Some(tag.clone()), 304),
            (Some(strong.clone()), 304),
            (Some(format!("\"other\",{strong}")), 304),
            (Some("*".into()), 304),
        ] {
            let mut request = HeaderMap::new();
            if let Some(known) = &known {
                request.insert(header::IF_NONE_MATCH, HeaderValue::try_from(known).unwrap());
            }
            let response = served(&request, "text".into(), "text/css");
            assert_eq!(response.status(), status, "{known:?}");
            assert_eq!(response.headers()[header::ETAG], tag.as_str(), "{known:?}");
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
        }
        assert_ne!(super::tag("text"), super::tag("texts"));
    }
}
