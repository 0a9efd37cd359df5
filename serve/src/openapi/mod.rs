//! The `OpenAPI` 3.1 document of the routes, for programs that generate clients.

mod digits;
mod integers;
mod parts;
mod paths;
mod schemas;

use self::parts::reference;
use axum::{Json, Router, extract::OriginalUri, http::Uri, routing::get};
use burdock::Graph;
use serde_json::{Value, json};

/// The parts of a document that do not depend on the graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub(crate) routes: RouteSet,
    pub(crate) access: Access,
}

/// The routes that are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RouteSet {
    /// Those of every graph.
    Runs,
    /// Those of every graph and of chats.
    Chat,
}

/// The authorization that requests need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Open,
    Bearer,
}

/// Returns the route of the document.
pub(crate) fn router<G: Graph>(scope: Scope) -> Router {
    let document = async move |OriginalUri(uri): OriginalUri| {
        // axum's `Json`, not that of this crate: large bounds in schemas must remain numbers
        Json(describe::<G>(base(&uri), scope))
    };
    Router::new().route("/openapi.json", get(document))
}

/// Returns the path under which the routes are nested, from the URI of the document.
fn base(uri: &Uri) -> &str {
    uri.path().strip_suffix("/openapi.json").unwrap_or_default()
}

fn describe<G: Graph>(base: &str, scope: Scope) -> Value {
    let topology = G::TOPOLOGY;
    let mut document = json!({
        "openapi": "3.1.0",
        "info": { "title": topology.name, "description": topology.docs, "version": "1" },
        "servers": [{ "url": if base.is_empty() { "/" } else { base } }],
        "paths": paths::paths(scope),
        "components": {
            "parameters": { "session": {
                "in": "path", "name": "id", "required": true, "description": "The session.",
                "schema": reference("SessionId"),
            } },
            "responses": responses(),
            "schemas": schemas::schemas::<G>(scope),
        },
    });
    if scope.access == Access::Bearer {
        document["components"]["securitySchemes"] =
            json!({ "bearer": { "type": "http", "scheme": "bearer" } });
        document["security"] = json!([{ "bearer": [] }]);
    }
    document
}

fn responses() -> Value {
    let problem = parts::content("An error.", "application/problem+json", &reference("Problem"));
    let data = json!({
        "type": "string", "contentMediaType": "application/json", "contentSchema": reference("Event"),
    });
    let block = parts::object(
        &[("data", data)],
        &[("id", reference("Cursor")), ("retry", parts::integer())],
    );
    let stream = json!({
        "description": "Events; each `data` is the JSON of an `Event`, each `id` a cursor.",
        // the extension has the name of a keyword of `OpenAPI` 3.2; 3.1 has none for streams
        "content": { "text/event-stream": { "x-item-schema": block } },
    });
    json!({ "problem": problem, "stream": stream })
}
