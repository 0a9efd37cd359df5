//! A chat's addresses beside those of every graph.

use super::{AsText, ChatGraph, ChatMessage, ChatRole, page};
use crate::{
    hub::{Begin, Hub, IfRunning, IfUnfinished, Terms},
    json::{Body, Json},
    problem::Problem,
    routes::{
        Accepted, EventsQuery, Id, List, ListQuery, Listed, Place, Placed, Session, follow_place,
        sessions,
    },
};
use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use burdock::{
    Graph, Position,
    graph::Node,
    log::{Existence, SessionId, SessionInfo},
    run::View,
};
use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use std::{marker::PhantomData, sync::Arc};

/// How many chats a page of them has at most: each has to be read for its title.
const CHATS: usize = 100;

/// How many of them are read at once.
const AT_ONCE: usize = 8;

/// How many characters a title has at most.
const TITLE: usize = 100;

pub(crate) fn router<G: ChatGraph>(hub: Arc<Hub<G>>) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/assets/{file}", get(page::asset))
        .route("/chats", get(list::<G>))
        .route("/sessions/{id}/chat", get(show::<G>).post(say::<G>))
        .route("/sessions/{id}/chat/events", get(follow::<G>))
        .with_state(hub)
}

/// A page of chats.
#[derive(Debug, Serialize)]
struct Chats {
    chats: Vec<ListedChat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct ListedChat {
    #[serde(flatten)]
    listed: Listed,
    /// How it began, unless nothing was said yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
}

/// `GET /chats`
async fn list<G: ChatGraph>(
    State(hub): State<Arc<Hub<G>>>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    let List { sessions, next } = sessions(&hub, query, CHATS).await?;
    let titled = stream::iter(sessions).map(async |listed| {
        let title = title(&hub, &listed.session).await;
        ListedChat { listed, title }
    });
    let chats = titled.buffered(AT_ONCE).collect().await;
    Ok(Json(Chats { chats, next }).into_response())
}

/// What was said first, as far as it fits a line; one chat that cannot be read leaves the others.
async fn title<G: ChatGraph>(hub: &Hub<G>, session: &str) -> Option<String> {
    let session = SessionId::stored(session).ok()?;
    let view = View::<G>::latest(&hub.log, &session).await.ok()?;
    let said = G::history(&view.state).into_iter().find(|said| said.role == ChatRole::User)?;
    let line = said.text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().take(TITLE).collect())
}

/// A chat as it was after its last commit.
#[derive(Debug, Serialize)]
struct Chat {
    session: String,
    /// Following from here tells what the step that is under way has shown.
    cursor: String,
    /// Following from here tells the last run from its beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    messages: Vec<ChatMessage>,
    position: Placed,
    running: bool,
    title: &'static str,
}

/// `GET /sessions/{id}/chat`
async fn show<G: ChatGraph>(
    State(hub): State<Arc<Hub<G>>>,
    Session(SessionInfo { id: session, .. }): Session,
) -> Result<Response, Problem> {
    let read = async || {
        let view = View::<G>::latest(&hub.log, &session).await;
        view.map_err(|error| Problem::about(&session, error))
    };
    let at = |view: &View<G>| (view.cursor, matches!(view.position, Position::Unfinished(_)));
    let (view, running) = hub.look(&session, read, at).await?;
    let chat = Chat {
        session: session.as_str().into(),
        cursor: view.moved.to_string(),
        run: view.before_run.map(|cursor| cursor.to_string()),
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
    Id(session): Id,
    body: Result<Body<Say>, Problem>,
) -> Result<Response, Problem> {
    let Body(Say { prompt }) = body?;
    let begin = Begin::Run {
        inputs: Arc::new(move || Ok(G::inputs(prompt.clone()))),
        optional: Vec::new(),
    };
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
    Session(SessionInfo { id: session, .. }): Session,
    headers: HeaderMap,
    query: Result<Query<EventsQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    follow_place(&hub, session, Place::of(&headers, &query)?, Arc::new(AsText::<G>(PhantomData)))
        .await
}
