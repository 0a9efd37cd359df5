//! The routes of chats, in addition to those of every graph.

use super::{
    ChatGraph, ChatItems, page,
    reads::{ChatView, Reads},
};
use crate::{
    hub::{Hub, IfUnfinished},
    json::{Body, Json},
    message::ChatMessage,
    problem::Problem,
    routes::{
        Accepted, EventsQuery, ListQuery, ListedSession, PositionBody, ReadFrom, Session,
        SessionPage, follow_from, page_limit, sessions,
    },
    schema,
};
use axum::{
    Extension, Router,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use burdock::{Graph, Position, log::SessionId};
use futures_util::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{marker::PhantomData, sync::Arc};

/// Largest number of chats in a page of the list: each has to be read for its title.
const CHATS: usize = 100;

/// Number of titles of one list that are read concurrently.
const AT_ONCE: usize = 8;

/// Number of messages in a page of a chat, unless the request has a `limit`.
const MESSAGES: usize = 50;

/// Largest number of messages in a page of a chat.
const MAX_MESSAGES: usize = 500;

/// Largest size of the messages in a page of a chat, in bytes. A larger message has a page of its own.
const PAGE_BYTES: usize = 1 << 20;

pub(crate) fn router<G: ChatGraph>(hub: Arc<Hub<G>>) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/assets/{file}", get(page::asset))
        .route("/chats", get(list::<G>))
        .route("/sessions/{id}/chat", get(show::<G>).post(start::<G>))
        .route("/sessions/{id}/chat/events", get(follow::<G>))
        .layer(Extension(Arc::new(Reads::new())))
        .with_state(hub)
}

/// A page of chats.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Chats {
    chats: Vec<ListedChat>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    next: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ListedChat {
    #[serde(flatten)]
    session: ListedSession,
    /// The first line of the first prompt, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    title: Option<String>,
}

/// `GET /chats`
async fn list<G: ChatGraph>(
    State(hub): State<Arc<Hub<G>>>,
    Extension(reads): Extension<Arc<Reads>>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    let SessionPage { sessions, next } = sessions(&hub, query, CHATS).await?;
    let titled = stream::iter(sessions).map(async |session| {
        let title = match SessionId::stored(session.session.as_str()) {
            Ok(id) => reads.title(&hub, &id, session.created).await,
            Err(_) => None,
        };
        ListedChat { session, title }
    });
    let chats = titled.buffered(AT_ONCE).collect().await;
    Ok(Json(Chats { chats, next }).into_response())
}

/// A page of a chat as of its last commit.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Chat<'a> {
    session: String,
    /// Following from here returns the items of the step in progress.
    #[schemars(with = "schema::Cursor")]
    cursor: String,
    /// Following from here returns the last run from its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "schema::Cursor")]
    run: Option<String>,
    #[serde(flatten)]
    page: Page<'a>,
    position: PositionBody,
    running: bool,
    title: &'static str,
    /// A line about the session, for example its usage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    note: Option<&'a str>,
}

/// Consecutive messages of a chat.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct Page<'a> {
    /// The index of the first message in the chat. Unless it is 0, it is the `before` of the next older page.
    first: usize,
    messages: &'a [ChatMessage],
}

impl<'a> Page<'a> {
    /// Returns the last messages before an index, as many as `limit` and [`PAGE_BYTES`] allow, but at least one
    /// if there is one.
    fn before(messages: &'a [ChatMessage], before: Option<usize>, limit: usize) -> Self {
        let end = before.map_or(messages.len(), |before| before.min(messages.len()));
        let mut bytes = 0_usize;
        let fitting = messages[..end].iter().rev().take(limit).enumerate();
        let fitting = fitting.take_while(|(index, message)| {
            bytes = bytes.saturating_add(message.size());
            *index == 0 || bytes <= PAGE_BYTES
        });
        let first = end - fitting.count();
        Self { first, messages: &messages[first..end] }
    }
}

#[derive(Debug, Deserialize)]
struct ChatQuery {
    before: Option<usize>,
    limit: Option<usize>,
}

/// `GET /sessions/{id}/chat`
async fn show<G: ChatGraph>(
    State(hub): State<Arc<Hub<G>>>,
    Extension(reads): Extension<Arc<Reads>>,
    Session(session): Session<G>,
    query: Result<Query<ChatQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(ChatQuery { before, limit }) = query?;
    let session = session.info().await?.id;
    let read = async || reads.latest(&hub, &session).await;
    let at = |view: &Arc<ChatView>| (view.cursor, matches!(view.position, Position::Unfinished(_)));
    let (view, running) = hub.read_with_status(&session, read, at).await?;
    let limit = page_limit(limit, MESSAGES, MAX_MESSAGES)?;
    let chat = Chat {
        session: session.as_str().into(),
        cursor: view.moved.to_string(),
        run: view.before_run.map(|cursor| cursor.to_string()),
        page: Page::before(&view.messages, before, limit),
        position: view.position.into(),
        running,
        title: <G as Graph>::TOPOLOGY.name,
        note: view.note.as_deref(),
    };
    Ok(Json(chat).into_response())
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Prompt")]
pub(crate) struct PromptBody {
    prompt: String,
}

/// `POST /sessions/{id}/chat`
async fn start<G: ChatGraph>(
    Session(session): Session<G>,
    body: Result<Body<PromptBody>, Problem>,
) -> Result<Response, Problem> {
    let Body(PromptBody { prompt }) = body?;
    let start = session.start(G::inputs(prompt)).if_unfinished(IfUnfinished::Restart);
    let run = start.await?;
    Ok((StatusCode::ACCEPTED, Json(Accepted::new(&run))).into_response())
}

/// `GET /sessions/{id}/chat/events`
async fn follow<G: ChatGraph>(
    State(hub): State<Arc<Hub<G>>>,
    Session(session): Session<G>,
    headers: HeaderMap,
    query: Result<Query<EventsQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    let from = ReadFrom::of(&headers, &query)?;
    follow_from(&hub, &session, from, Arc::new(ChatItems::<G>(PhantomData))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_a_chat_from_its_end_to_its_start() {
        let sizes = [3, PAGE_BYTES, 0, 1, PAGE_BYTES + 1, 5, PAGE_BYTES - 5, 0, 2, 2, 2];
        let message = |size: &usize| ChatMessage::user("x".repeat(*size));
        let messages: Vec<_> = sizes.iter().map(message).collect();
        let mut firsts = Vec::new();
        let mut before = None;
        let mut rest = messages.as_slice();
        while before != Some(0) {
            let page = Page::before(&messages, before, 3);
            rest = rest.strip_suffix(page.messages).unwrap_or_default();
            firsts.push(page.first);
            before = Some(page.first);
        }
        assert_eq!((firsts, rest), (vec![8, 5, 4, 2, 1, 0], [].as_slice()));
    }

    #[test]
    fn pages_of_an_empty_chat_and_beyond_the_end_are_not_errors() {
        let message = ChatMessage::user("x");
        assert_eq!(Page::before(&[], None, 5), Page { first: 0, messages: &[] });
        let one = [message];
        assert_eq!(Page::before(&one, Some(9), 5), Page { first: 0, messages: &one });
        assert_eq!(Page::before(&one, Some(0), 5), Page { first: 0, messages: &[] });
    }
}
