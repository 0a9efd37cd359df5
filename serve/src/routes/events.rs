//! Event streams of sessions, from any cursor.

use super::Session;
use crate::{
    event::{EventProjection, JsonItems},
    hub::{Hub, Reader},
    problem::Problem,
    session::{RunHandle, SessionHandle},
    stream::{Until, failed, response},
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use burdock::{Graph, log::Cursor};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug, Deserialize)]
pub(crate) struct EventsQuery {
    from: Option<String>,
    until: Option<UntilQuery>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum UntilQuery {
    Run,
}

/// The place from which a reader follows a session, and the end of its stream.
pub(crate) struct ReadFrom {
    pub(crate) cursor: Option<Cursor>,
    pub(crate) until: Until,
}

impl ReadFrom {
    /// Parses the headers and the query of a request. The header that browsers send when they reconnect takes
    /// precedence over the query.
    pub(crate) fn of(headers: &HeaderMap, query: &EventsQuery) -> Result<Self, Problem> {
        let last = headers.get("last-event-id").map(HeaderValue::as_bytes);
        let last = last.map(String::from_utf8_lossy).filter(|last| !last.is_empty());
        let from = last.as_deref().or(query.from.as_deref());
        let cursor = from.map(str::parse::<Cursor>).transpose()?;
        let until = if query.until.is_some() { Until::Run } else { Until::Forever };
        Ok(Self { cursor, until })
    }
}

/// `GET /sessions/{id}/events`
pub(super) async fn follow<G: Graph>(
    State(hub): State<Arc<Hub<G>>>,
    Session(session): Session<G>,
    headers: HeaderMap,
    query: Result<Query<EventsQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    follow_from(&hub, &session, ReadFrom::of(&headers, &query)?, Arc::new(JsonItems)).await
}

/// Opens an event stream. Responds with 204 if the reader waits for a run, and none is in progress or was started
/// after its cursor.
pub(crate) async fn follow_from<G: Graph>(
    hub: &Hub<G>,
    session: &SessionHandle<G>,
    from: ReadFrom,
    items: Arc<dyn EventProjection>,
) -> Result<Response, Problem> {
    session.info().await?;
    let ReadFrom { cursor, until } = from;
    if until == Until::Run
        && let Some(cursor) = cursor
        && session.is_caught_up(cursor).await?
    {
        // an `EventSource` does not reconnect after 204
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let reader = session.admit_client()?;
    let events = session.events_from(cursor, until, items, reader).await?;
    Ok(response(events, hub.limits.reader_timeout))
}

/// Returns the stream of a run. The run has been accepted, so an error of the log is sent as an event of the
/// stream, and the reader reconnects with the same cursor.
pub(super) async fn follow_run<G: Graph>(
    hub: &Hub<G>,
    run: &RunHandle<G>,
    reader: Reader,
) -> Response {
    match run.events(Arc::new(JsonItems), reader).await {
        Ok(events) => response(events, hub.limits.reader_timeout),
        Err(error) => failed(run.cursor(), error),
    }
}
