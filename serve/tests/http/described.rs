//! The OpenAPI document, and routes that are nested under a path of a larger application.

use crate::graph::{Echo, EchoResources, Gate};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Response},
};
use burdock::log::{MemoryLog, SessionId};
use burdock_serve::{Server, ServerBuilder};
use serde_json::{Value, json};
use tower::ServiceExt as _;

fn server() -> ServerBuilder<Echo> {
    let gate = Gate::default();
    let app = move |_: &SessionId| Echo::app().resources(EchoResources { gate: gate.clone() });
    Server::builder(MemoryLog::new(), app)
}

async fn ask(routes: &Router, method: &str, uri: &str, body: Value) -> Response<Body> {
    let request = Request::builder().method(method).uri(uri);
    let request = request.header("content-type", "application/json");
    let request = request.header("authorization", "Bearer token");
    routes.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap()
}

async fn json(response: Response<Body>) -> Value {
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

async fn document(routes: &Router, uri: &str) -> Value {
    json(ask(routes, "GET", uri, Value::Null).await).await
}

/// Returns the chat routes under several paths.
fn nested() -> Vec<(&'static str, Router)> {
    let routes = || server().build().chat_router();
    vec![
        ("", routes()),
        ("/api", Router::new().nest("/api", routes())),
        ("/api", Router::new().nest_service("/api", routes())),
        ("/a%20b/v1", Router::new().nest("/a%20b", Router::new().nest("/v1", routes()))),
    ]
}

#[tokio::test]
async fn location_of_a_fork_includes_the_path_of_nested_routes() {
    for (base, routes) in nested() {
        let runs = format!("{base}/sessions/fork/runs?stream=false");
        assert_eq!(ask(&routes, "POST", &runs, json!({ "text": "hi" })).await.status(), 202);
        let events = format!("{base}/sessions/fork/events?until=run");
        // read to the end of the run, so that the session is not busy
        let read = ask(&routes, "GET", &events, Value::Null).await;
        to_bytes(read.into_body(), usize::MAX).await.unwrap();
        let fork = format!("{base}/sessions/fork/fork");
        let forked = ask(&routes, "POST", &fork, json!({ "session": "a/b" })).await;
        assert_eq!(forked.status(), 201);
        let location = forked.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(location, format!("{base}/sessions/a%2fb"));
        let shown = json(ask(&routes, "GET", &location, Value::Null).await).await;
        assert_eq!(shown["session"], "a/b");
    }
}

#[tokio::test]
async fn document_has_the_path_of_nested_routes() {
    for (base, routes) in nested() {
        let api = document(&routes, &format!("{base}/openapi.json")).await;
        let url = if base.is_empty() { "/" } else { base };
        assert_eq!(api["servers"], json!([{ "url": url }]));
    }
}

#[tokio::test]
async fn document_requires_a_token_if_the_server_does() {
    let open = document(&server().build().router(), "/openapi.json").await;
    assert_eq!((open.get("security"), open["components"].get("securitySchemes")), (None, None));
    let guarded = document(&server().bearer_token("token").build().router(), "/openapi.json").await;
    assert_eq!(guarded["security"], json!([{ "bearer": [] }]));
    let schemes = json!({ "bearer": { "type": "http", "scheme": "bearer" } });
    assert_eq!(guarded["components"]["securitySchemes"], schemes);
}

/// Returns the methods and paths in the document.
fn described(api: &Value) -> Vec<(String, String)> {
    let paths = api["paths"].as_object().unwrap().iter();
    let methods = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys().filter(|key| *key != "parameters");
        methods.map(|method| (method.to_uppercase(), path.clone()))
    });
    methods.collect()
}

#[tokio::test]
async fn described_paths_exist_and_those_of_chats_only_with_chat_routes() {
    let (runs, chat) = (server().build().router(), server().build().chat_router());
    let (of_runs, of_chat) =
        (document(&runs, "/openapi.json").await, document(&chat, "/openapi.json").await);
    let (of_runs, of_chat) = (described(&of_runs), described(&of_chat));
    let more: Vec<_> = of_chat.iter().filter(|one| !of_runs.contains(one)).collect();
    let more: Vec<_> = more.iter().map(|(method, path)| format!("{method} {path}")).collect();
    assert_eq!(
        more,
        [
            "GET /chats",
            "GET /sessions/{id}/chat",
            "POST /sessions/{id}/chat",
            "GET /sessions/{id}/chat/events",
        ]
    );
    for (routes, described) in [(runs, of_runs), (chat, of_chat)] {
        for (method, path) in described {
            let answer = ask(&routes, &method, &path.replace("{id}", "none"), json!({})).await;
            let status = answer.status();
            if status == 404 {
                // the route exists, and the session does not
                assert_eq!(json(answer).await["code"], "unknown_session", "{method} {path}");
            } else {
                assert_ne!(status, 405, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn limits_of_pages_are_those_of_the_document() {
    let routes = server().build().chat_router();
    let api = document(&routes, "/openapi.json").await;
    for path in ["/sessions", "/chats"] {
        let limit = &api["paths"][path]["get"]["parameters"][2];
        assert_eq!(limit["name"], "limit");
        let (least, most) = (&limit["schema"]["minimum"], &limit["schema"]["maximum"]);
        let beyond = most.as_u64().unwrap() + 1;
        for (limit, status) in [(least, 200), (most, 200), (&json!(0), 400), (&json!(beyond), 400)]
        {
            let uri = format!("{path}?limit={limit}");
            assert_eq!(ask(&routes, "GET", &uri, Value::Null).await.status(), status, "{uri}");
        }
    }
}
