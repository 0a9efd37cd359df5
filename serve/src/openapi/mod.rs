//! What can be asked, for programs that generate clients: `OpenAPI` 3.1.

mod digits;
mod integers;
mod parts;
mod paths;
mod schemas;

use self::parts::reference;
use axum::{Json, Router, extract::OriginalUri, http::Uri, routing::get};
use burdock::Graph;
use serde_json::{Value, json};

/// What a document describes beside the graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub(crate) addresses: Addresses,
    pub(crate) access: Access,
}

/// Which addresses there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Addresses {
    Runs,
    /// Those and the ones of a chat.
    Chat,
}

/// What a request has to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Open,
    Bearer,
}

/// The route of the document.
pub(crate) fn router<G: Graph>(scope: Scope) -> Router {
    let document = async move |OriginalUri(uri): OriginalUri| {
        // not the one of `json`: a bound of a schema is a number, however large
        Json(describe::<G>(base(&uri), scope))
    };
    Router::new().route("/openapi.json", get(document))
}

/// The path that the routes are nested under, by the address of the document.
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
    let problem =
        parts::content("What went wrong.", "application/problem+json", &reference("Problem"));
    let data = json!({
        "type": "string", "contentMediaType": "application/json", "contentSchema": reference("Event"),
    });
    let block = parts::object(
        &[("data", data)],
        &[("id", reference("Cursor")), ("retry", parts::integer())],
    );
    let stream = json!({
        "description": "Events; each `data` is the JSON of an `Event`, each `id` a cursor.",
        // a word of `OpenAPI` 3.2, where 3.1 has none
        "content": { "text/event-stream": { "x-item-schema": block } },
    });
    json!({ "problem": problem, "stream": stream })
}
