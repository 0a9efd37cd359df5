//! Sessions: lists, reads, stops, forks and deletion.

use super::Session;
use crate::{
    event::public_fields,
    hub::Hub,
    json::{Body, Json},
    problem::Problem,
    schema,
};
use axum::{
    extract::{OriginalUri, Query, State, rejection::QueryRejection},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use burdock::{
    Graph, Position,
    log::{Cursor, Document, SessionFilter, SessionId, SessionInfo},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Largest number of sessions in a page.
const MAX_PAGE: usize = 1_000;

#[derive(Debug, Deserialize)]
pub(crate) struct ListQuery {
    #[serde(default)]
    prefix: String,
    after: Option<String>,
    limit: Option<usize>,
}

/// A page of sessions.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Sessions")]
pub(crate) struct SessionPage {
    pub(crate) sessions: Vec<ListedSession>,
    /// The `after` of the next page, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub(crate) next: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ListedSession {
    pub(crate) session: String,
    pub(crate) created: u64,
    updated: u64,
    running: bool,
}

/// A session at the time of the request.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
pub(crate) struct SessionBody {
    session: String,
    #[schemars(with = "schema::Cursor")]
    cursor: String,
    position: PositionBody,
    step: u64,
    run: u64,
    running: bool,
    created: u64,
    updated: u64,
    #[schemars(with = "schema::State")]
    state: Document,
}

/// The position of a session.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "at", rename_all = "snake_case")]
#[schemars(rename = "Position")]
pub(crate) enum PositionBody {
    Rest {
        #[schemars(with = "schema::Node")]
        node: String,
    },
    Unfinished {
        #[schemars(with = "schema::Node")]
        node: String,
    },
    Ended,
}

impl<N: Into<String>> From<Position<N>> for PositionBody {
    fn from(position: Position<N>) -> Self {
        match position {
            Position::Rest(node) => Self::Rest { node: node.into() },
            Position::Unfinished(node) => Self::Unfinished { node: node.into() },
            Position::Ended => Self::Ended,
        }
    }
}

/// `GET /sessions`
pub(super) async fn list<G: Graph>(
    State(hub): State<Arc<Hub<G>>>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    Ok(Json(sessions(&hub, query, MAX_PAGE).await?).into_response())
}

/// Reads a page of at most `most` sessions.
pub(crate) async fn sessions<G: Graph>(
    hub: &Hub<G>,
    query: ListQuery,
    most: usize,
) -> Result<SessionPage, Problem> {
    let ListQuery { prefix, after, limit } = query;
    let limit = page_limit(limit, 100.min(most), most)?;
    let after = after.map(SessionId::stored).transpose()?;
    if after.as_ref().is_some_and(SessionId::is_child) {
        let detail = "invalid `after`: ids that start with `~` are reserved for children";
        return Err(Problem::bad_request("invalid_query", detail));
    }
    // one more than the limit, to find out whether there is another page
    let filter = SessionFilter { prefix, after, limit: limit + 1, ..SessionFilter::of::<G>() };
    if filter.has_children() {
        let detail = "invalid `prefix`: ids that start with `~` are reserved for children";
        return Err(Problem::bad_request("invalid_query", detail));
    }
    let mut found = hub.log.sessions(filter).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.id.as_str().to_owned());
    let listed = |info: SessionInfo| ListedSession {
        running: hub.is_running(&info.id),
        session: info.id.as_str().into(),
        created: info.created,
        updated: info.updated,
    };
    Ok(SessionPage { sessions: found.into_iter().map(listed).collect(), next })
}

/// Returns the `limit` of a page.
pub(crate) fn page_limit(
    limit: Option<usize>,
    default: usize,
    most: usize,
) -> Result<usize, Problem> {
    let limit = limit.unwrap_or(default);
    if !(1..=most).contains(&limit) {
        let detail = format!("invalid `limit`: expected a number from 1 to {most}");
        return Err(Problem::bad_request("invalid_query", detail));
    }
    Ok(limit)
}

/// `GET /sessions/{id}`
pub(super) async fn show<G: Graph>(Session(session): Session<G>) -> Result<Response, Problem> {
    let info = session.info().await?;
    let (view, running) = session.raw_view().await?;
    let cursor = view.cursor().to_string();
    let mut state = view.snapshot.state;
    state.retain(|key, _| public_fields::<G>().any(|field| field.key == key));
    let body = SessionBody {
        running,
        session: session.id().as_str().into(),
        cursor: cursor.clone(),
        position: view.snapshot.position.into(),
        step: view.snapshot.step,
        run: view.snapshot.run,
        created: info.created,
        updated: info.updated,
        state,
    };
    let mut response = Json(body).into_response();
    if let Ok(tag) = HeaderValue::try_from(format!("W/\"{cursor}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// `POST /sessions/{id}/stop`
pub(super) async fn stop<G: Graph>(Session(session): Session<G>) -> Result<StatusCode, Problem> {
    session.stop().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /sessions/{id}/reopen`
pub(super) async fn reopen<G: Graph>(Session(session): Session<G>) -> Result<StatusCode, Problem> {
    session.reopen().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /sessions/{id}`
pub(super) async fn delete<G: Graph>(Session(session): Session<G>) -> Result<StatusCode, Problem> {
    session.delete().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fork {
    /// The id of the new session.
    #[schemars(with = "schema::SessionId")]
    session: String,
    /// The last entry that the sessions share. Defaults to the latest one.
    #[schemars(with = "Option<schema::Cursor>")]
    at: Option<String>,
}

/// `POST /sessions/{id}/fork`
pub(super) async fn fork<G: Graph>(
    Session(session): Session<G>,
    OriginalUri(uri): OriginalUri,
    body: Result<Body<Fork>, Problem>,
) -> Result<Response, Problem> {
    let Body(Fork { session: new, at }) = body?;
    let at = at.map(|at| at.parse::<Cursor>()).transpose()?;
    let fork = session.fork(at, &new).await?;
    let mut response = StatusCode::CREATED.into_response();
    let path = format!("{}/{}", sessions_path(&uri), percent_encoded(fork.id().as_str()));
    if let Ok(location) = HeaderValue::try_from(path) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Returns the path of `/sessions`, wherever the routes are nested. `uri` is that of `/sessions/{id}/fork`.
fn sessions_path(uri: &Uri) -> &str {
    let mut parts = uri.path().rsplitn(3, '/');
    parts.nth(2).unwrap_or("/sessions")
}

/// Percent-encodes an id as a segment of a path.
fn percent_encoded(id: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let mut text = String::new();
    for byte in id.as_bytes() {
        if plain(byte) {
            text.push(char::from(*byte));
        } else {
            text.push('%');
            let digits = [byte >> 4, byte & 15].map(u32::from);
            text.extend(digits.iter().filter_map(|digit| char::from_digit(*digit, 16)));
        }
    }
    text
}
