//! What the graph looks like.

use crate::{hub::Hub, json::Json, problem::Problem};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use burdock::Graph;
use layout::{
    backends::svg::SVGWriter,
    gv::{DotParser, GraphBuilder},
};
use std::{panic::catch_unwind, sync::Arc};

/// `GET /graph`
pub(super) async fn json<G: Graph>(State(_): State<Arc<Hub<G>>>) -> impl IntoResponse {
    Json(G::TOPOLOGY.json())
}

/// `GET /graph.mmd`
pub(super) async fn mermaid<G: Graph>(State(_): State<Arc<Hub<G>>>) -> String {
    G::TOPOLOGY.mermaid()
}

/// `GET /graph.svg`
pub(super) async fn svg<G: Graph>(State(_): State<Arc<Hub<G>>>) -> Result<Response, Problem> {
    let dot = G::TOPOLOGY.dot();
    // the layout is somebody else's, and may not cope with every graph
    let drawn = catch_unwind(|| draw(&dot)).ok().flatten().ok_or_else(|| {
        tracing::error!("the graph could not be drawn");
        Problem::undrawable()
    })?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], drawn).into_response())
}

fn draw(dot: &str) -> Option<String> {
    let graph = DotParser::new(dot).process().ok()?;
    let mut builder = GraphBuilder::new();
    builder.visit_graph(&graph);
    let mut svg = SVGWriter::new();
    builder.get().do_it(false, false, false, &mut svg);
    Some(svg.finalize())
}
