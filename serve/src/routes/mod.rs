//! The routes. They operate on sessions only through their handles.

mod events;
mod graph;
mod health;
mod runs;
mod sessions;

pub(crate) use self::events::{EventsQuery, ReadFrom, follow_from};
pub(crate) use self::runs::Accepted;
pub(crate) use self::sessions::{
    Fork, ListQuery, ListedSession, PositionBody, SessionBody, SessionPage, page_limit, sessions,
};

use crate::{hub::Hub, problem::Problem, session::SessionHandle};
use axum::{
    Router,
    extract::{FromRequestParts, Path},
    http::request,
    routing::{get, post},
};
use burdock::Graph;
use std::sync::Arc;

pub(crate) fn router<G: Graph>(hub: Arc<Hub<G>>) -> Router {
    Router::new()
        .route("/health", get(health::health))
        .route("/ready", get(health::ready::<G>))
        .route("/graph", get(graph::json::<G>))
        .route("/graph.dot", get(graph::dot::<G>))
        .route("/graph.mmd", get(graph::mermaid::<G>))
        .route("/sessions", get(sessions::list::<G>))
        .route("/sessions/{id}", get(sessions::show::<G>).delete(sessions::delete::<G>))
        .route("/sessions/{id}/runs", post(runs::start::<G>))
        .route("/sessions/{id}/resume", post(runs::resume::<G>))
        .route("/sessions/{id}/reopen", post(sessions::reopen::<G>))
        .route("/sessions/{id}/stop", post(sessions::stop::<G>))
        .route("/sessions/{id}/fork", post(sessions::fork::<G>))
        .route("/sessions/{id}/events", get(events::follow::<G>))
        .with_state(hub)
}

/// Extracts the handle of the session in the path, whether or not the session exists.
pub(crate) struct Session<G: Graph>(pub(crate) SessionHandle<G>);

impl<G: Graph> FromRequestParts<Arc<Hub<G>>> for Session<G> {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut request::Parts,
        hub: &Arc<Hub<G>>,
    ) -> Result<Self, Problem> {
        let Path(id) = Path::<String>::from_request_parts(parts, hub).await?;
        Ok(Self(SessionHandle::new(Arc::clone(hub), &id)?))
    }
}
