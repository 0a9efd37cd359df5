//! What there is, and what can be done to a session beside running it.

use super::Session;
use crate::{
    event::public_fields,
    hub::Hub,
    json::{Body, Json},
    problem::Problem,
};
use axum::{
    extract::{OriginalUri, Query, State, rejection::QueryRejection},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use burdock::{
    Graph, Position,
    log::{
        Cursor, Document, LogError, Moment, Offset, SessionFilter, SessionId, SessionInfo,
        fork as fork_log,
    },
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How many sessions a page has at most.
const PAGE: usize = 1_000;

#[derive(Debug, Deserialize)]
pub(crate) struct ListQuery {
    #[serde(default)]
    prefix: String,
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(crate) struct List {
    pub(crate) sessions: Vec<Listed>,
    /// Leads to the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    pub(crate) session: String,
    pub(crate) created: u64,
    updated: u64,
    running: bool,
}

/// A session as it is now.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    session: String,
    cursor: String,
    position: Placed,
    step: u64,
    run: u64,
    running: bool,
    created: u64,
    updated: u64,
    state: Document,
}

/// Where a session is.
#[derive(Debug, Serialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub(crate) enum Placed {
    Rest { node: String },
    Unfinished { node: String },
    Ended,
}

impl<N: Into<String>> From<Position<N>> for Placed {
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
    Ok(Json(sessions(&hub, query, PAGE).await?).into_response())
}

/// A page of sessions.
pub(crate) async fn sessions<G: Graph>(
    hub: &Hub<G>,
    query: ListQuery,
    most: usize,
) -> Result<List, Problem> {
    let ListQuery { prefix, after, limit } = query;
    let limit = limited(limit, 100.min(most), most)?;
    let after = after.map(SessionId::stored).transpose()?;
    // one more tells whether there is another page
    let filter = SessionFilter { prefix, after, limit: limit + 1, ..SessionFilter::of::<G>() };
    let mut found = hub.log.sessions(filter).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.id.as_str().to_owned());
    let listed = |info: SessionInfo| Listed {
        running: hub.is_running(&info.id),
        session: info.id.as_str().into(),
        created: info.created,
        updated: info.updated,
    };
    Ok(List { sessions: found.into_iter().map(listed).collect(), next })
}

/// The `limit` of a page.
pub(crate) fn limited(limit: Option<usize>, default: usize, most: usize) -> Result<usize, Problem> {
    let limit = limit.unwrap_or(default);
    if !(1..=most).contains(&limit) {
        return Err(Problem::bad_request("invalid_query", format!("`limit` is from 1 to {most}")));
    }
    Ok(limit)
}

/// `GET /sessions/{id}`
pub(super) async fn show<G: Graph>(
    State(hub): State<Arc<Hub<G>>>,
    Session(info): Session,
) -> Result<Response, Problem> {
    let session = info.id;
    let read = async || {
        let moment = Moment::latest(&hub.log, &session).await?;
        // deleted since, and made again by another graph
        if G::TOPOLOGY.names().all(|name| name != moment.snapshot.graph.name) {
            return Err(LogError::NoSession { session: session.clone() }.into());
        }
        Ok(moment)
    };
    let at = |moment: &Moment| {
        let unfinished = matches!(moment.snapshot.position, Position::Unfinished(_));
        (moment.cursor(), unfinished)
    };
    let (moment, running) = hub.look(&session, read, at).await?;
    let cursor = moment.cursor().to_string();
    let mut state = moment.snapshot.state;
    state.retain(|key, _| public_fields::<G>().any(|field| field.key == key));
    let shown = Shown {
        running,
        session: session.as_str().into(),
        cursor: cursor.clone(),
        position: moment.snapshot.position.into(),
        step: moment.snapshot.step,
        run: moment.snapshot.run,
        created: info.created,
        updated: info.updated,
        state,
    };
    let mut response = Json(shown).into_response();
    if let Ok(tag) = HeaderValue::try_from(format!("W/\"{cursor}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// `POST /sessions/{id}/stop`
pub(super) async fn stop<G: Graph>(
    State(hub): State<Arc<Hub<G>>>,
    Session(SessionInfo { id: session, .. }): Session,
) -> Result<StatusCode, Problem> {
    hub.stop(&session);
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /sessions/{id}/reopen`
pub(super) async fn reopen<G: Graph>(
    State(hub): State<Arc<Hub<G>>>,
    Session(SessionInfo { id: session, .. }): Session,
) -> Result<StatusCode, Problem> {
    hub.reopen(&session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /sessions/{id}`
pub(super) async fn delete<G: Graph>(
    State(hub): State<Arc<Hub<G>>>,
    Session(SessionInfo { id: session, .. }): Session,
) -> Result<StatusCode, Problem> {
    hub.delete(&session).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fork {
    /// The new session.
    session: String,
    /// The last entry that it has in common with this one; the latest unless given.
    at: Option<String>,
}

/// `POST /sessions/{id}/fork`
pub(super) async fn fork<G: Graph>(
    State(hub): State<Arc<Hub<G>>>,
    Session(SessionInfo { id: session, .. }): Session,
    OriginalUri(uri): OriginalUri,
    body: Result<Body<Fork>, Problem>,
) -> Result<Response, Problem> {
    let Body(Fork { session: new, at }) = body?;
    let new = SessionId::new(new)?;
    let offset = match at {
        Some(at) => entry_at(&hub, &session, at.parse()?).await?,
        None => Moment::latest(&hub.log, &session).await?.offset,
    };
    let moment = Moment::at(&hub.log, &session, offset).await?;
    let bytes = serde_json::to_vec(&moment.snapshot).map_or(usize::MAX, |json| json.len());
    if bytes > hub.limits.fork {
        return Err(Problem::fork_too_large(bytes, hub.limits.fork));
    }
    fork_log(&hub.log, &session, offset, &new).await?;
    let mut response = StatusCode::CREATED.into_response();
    let path = format!("{}/{}", beside(&uri), encoded(new.as_str()));
    if let Ok(location) = HeaderValue::try_from(path) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// The address of all sessions, wherever the routes are nested: `uri` is that of `/sessions/{id}/fork`.
fn beside(uri: &Uri) -> &str {
    let mut parts = uri.path().rsplitn(3, '/');
    parts.nth(2).unwrap_or("/sessions")
}

/// The entry of a cursor, unless it is a place that never was, or one that a crash took back.
async fn entry_at<G: Graph>(
    hub: &Hub<G>,
    session: &SessionId,
    at: Cursor,
) -> Result<Offset, Problem> {
    match hub.log.read(session, at.offset, 1).await {
        Err(LogError::Trimmed { first, .. }) => {
            Err(Problem::trimmed(hub.before_entry(session, first).await?))
        }
        found
            if found.as_ref().is_ok_and(|found| found.iter().all(|entry| entry.cursor() != at)) =>
        {
            Err(LogError::InvalidCursor { text: at.to_string() }.into())
        }
        found => Ok(found.map(|_| at.offset)?),
    }
}

/// An id as a part of an address.
fn encoded(id: &str) -> String {
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
