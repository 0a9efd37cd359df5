//! The page with the form, served beside the routes of the graph.
//!
//! The routes of a server are an axum router, so an application can add its own page as further routes.

use axum::{Router, http::header, response::IntoResponse, routing::get};

/// The page may load from its own server only.
const POLICY: &str =
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

/// The files of the page: their addresses, types and contents.
const FILES: [(&str, &str, &str); 3] = [
    ("/", "text/html; charset=utf-8", include_str!("../page/index.html")),
    ("/story.js", "text/javascript; charset=utf-8", include_str!("../page/story.js")),
    ("/story.css", "text/css; charset=utf-8", include_str!("../page/story.css")),
];

/// Returns the routes of the page.
pub fn routes() -> Router {
    FILES.into_iter().fold(Router::new(), |routes, (path, kind, content)| {
        let file = move || async move {
            let headers = [
                (header::CONTENT_TYPE, kind),
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::CACHE_CONTROL, "no-cache"),
            ];
            (headers, content).into_response()
        };
        routes.route(path, get(file))
    })
}
