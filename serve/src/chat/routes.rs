//! A chat's addresses beside those of every graph.

use super::{AsText, ChatGraph, ChatMessage, page};
use crate::{
    hub::{Begin, Hub, IfRunning, IfUnfinished, Terms},
    problem::Problem,
    routes::{Accepted, EventsQuery, Place, Placed, Session, follow_place},
};
use axum::{
    Json, Router,
    extract::{
        Query, State,
        rejection::{JsonRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use burdock::{Graph, graph::Node, log::Existence, run::View};
use serde::{Deserialize, Serialize};
use std::{marker::PhantomData, sync::Arc};

pub(crate) fn router<G: ChatGraph>(hub: Arc<Hub<G>>) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/assets/{file}", get(page::asset))
        .route("/sessions/{id}/chat", get(show::<G>).post(say::<G>))
        .route("/sessions/{id}/chat/events", get(follow::<G>))
        .with_state(hub)
}

/// A chat as it was after its last commit.
#[derive(Debug, Serialize)]
struct Chat {
    session: String,
    /// Following from here tells what the step that is under way has shown.
    cursor: String,
    messages: Vec<ChatMessage>,
    position: Placed,
    running: bool,
    title: &'static str,
}

/// `GET /sessions/{id}/chat`
async fn show<G: ChatGraph>(
    State(hub): State<Arc<Hub<G>>>,
    Session(session): Session,
) -> Result<Response, Problem> {
    let view = View::<G>::latest(&hub.log, &session).await?;
    // asked afterwards: what begins or ends from here on, the stream tells
    let running = hub.is_running(&session);
    let chat = Chat {
        session: session.as_str().into(),
        cursor: view.moved.to_string(),
        messages: G::history(&view.state),
        position: view.position.map(Node::name).into(),
        running,
        title: <G as Graph>::TOPOLOGY.name,
    };
    Ok(Json(chat).into_response())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Say {
    prompt: String,
}

/// `POST /sessions/{id}/chat`
async fn say<G: ChatGraph>(
    State(hub): State<Arc<Hub<G>>>,
    Session(session): Session,
    body: Result<Json<Say>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(Say { prompt }) = body?;
    let begin = Begin::Run(Arc::new(move || Ok(G::inputs(prompt.clone()))));
    let terms = Terms {
        existence: Existence::Any,
        if_running: IfRunning::Reject,
        if_unfinished: IfUnfinished::Restart,
    };
    let before = hub.begin(&session, begin, terms).await?;
    let (session, cursor) = (session.as_str().into(), before.to_string());
    Ok((StatusCode::ACCEPTED, Json(Accepted { session, cursor })).into_response())
}

/// `GET /sessions/{id}/chat/events`
async fn follow<G: ChatGraph>(
    State(hub): State<Arc<Hub<G>>>,
    Session(session): Session,
    headers: HeaderMap,
    query: Result<Query<EventsQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    follow_place(&hub, session, Place::of(&headers, &query)?, Arc::new(AsText::<G>(PhantomData)))
        .await
}
