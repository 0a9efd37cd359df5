//! Health and readiness, for load balancers and service managers.

use crate::{error::SessionError, hub::Hub, problem::Problem};
use axum::extract::State;
use burdock::Graph;
use std::sync::Arc;

/// `GET /health`: the process serves requests.
pub(super) async fn health() -> &'static str {
    "ok"
}

/// `GET /ready`: the server can serve sessions.
pub(super) async fn ready<G: Graph>(
    State(hub): State<Arc<Hub<G>>>,
) -> Result<&'static str, Problem> {
    if hub.closing().is_cancelled() {
        return Err(SessionError::ShuttingDown.into());
    }
    if hub.readiness.check(&*hub.log).await {
        Ok("ok")
    } else {
        Err(Problem::unavailable("not_ready", "the log cannot be reached: try again"))
    }
}
