//! The graph in several formats.

use crate::{hub::Hub, json::Json};
use axum::{extract::State, response::IntoResponse};
use burdock::Graph;
use std::sync::Arc;

/// `GET /graph`
pub(super) async fn json<G: Graph>(State(_): State<Arc<Hub<G>>>) -> impl IntoResponse {
    Json(G::TOPOLOGY.json())
}

/// `GET /graph.mmd`
pub(super) async fn mermaid<G: Graph>(State(_): State<Arc<Hub<G>>>) -> String {
    G::TOPOLOGY.mermaid()
}

/// `GET /graph.dot`
pub(super) async fn dot<G: Graph>(State(_): State<Arc<Hub<G>>>) -> String {
    G::TOPOLOGY.dot()
}
