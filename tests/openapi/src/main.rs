//! Compares the answers of a server with its `OpenAPI` document: `cargo xtask openapi`.
//!
//! The server is a chat that is nested under a path and requires a token. schemathesis generates requests from the
//! document, and fails if an answer is not described there or is a server error. It is installed into a virtual
//! environment in the target directory, with the versions in `requirements.txt`.

mod graph;
mod tool;

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::Request,
};
use burdock::log::MemoryLog;
use burdock_serve::Server;
use graph::Echo;
use std::{error::Error, process::ExitCode};
use tokio::sync::oneshot;
use tower::ServiceExt as _;

/// The bearer token of every request.
const TOKEN: &str = "a token of the test";

/// The path under which the routes are nested.
const BASE: &str = "/api";

#[tokio::main]
async fn main() -> ExitCode {
    match compare().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("openapi: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn compare() -> Result<ExitCode, Box<dyn Error>> {
    let tool = tool::install().await?;
    let server = Server::builder(MemoryLog::new(), |_| Echo::app()).bearer_token(TOKEN).build();
    let routes = Router::new().nest(BASE, server.chat_router());
    let document = document(routes.clone()).await?;
    let bound = burdock_serve::bind(([127, 0, 0, 1], 0).into()).await?;
    let origin = format!("http://{}", bound.address());
    let (stop, stopped) = oneshot::channel::<()>();
    // an error means that the sender was dropped
    let stopping = server.shutdown_on(async { drop(stopped.await) });
    let serving = tokio::spawn(bound.serve(routes, stopping));
    let status = tool::run(&tool, &document, &origin, TOKEN).await;
    drop(stop);
    serving.await??;
    Ok(if status? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the document. If schemathesis fetched it, it would need the token in a header that it then sends with
/// every request, even with those that have to be rejected because they lack a token.
async fn document(routes: Router) -> Result<Bytes, Box<dyn Error>> {
    let request = Request::get(format!("{BASE}/openapi.json"))
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(Body::empty())?;
    let response = routes.oneshot(request).await?;
    if !response.status().is_success() {
        return Err(
            format!("the request for the document failed with {}", response.status()).into()
        );
    }
    Ok(to_bytes(response.into_body(), usize::MAX).await?)
}
