//! Reading a session, from any place on and then live.

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

/// Where a reader is, and when it has had enough.
pub(crate) struct Place {
    pub(crate) cursor: Option<Cursor>,
    pub(crate) until: Until,
}

impl Place {
    /// The header that a browser sends when it reconnects counts more than the address.
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
    follow_place(&hub, &session, Place::of(&headers, &query)?, Arc::new(JsonItems)).await
}

/// Opens an event stream, unless it would wait for a run that was never started.
pub(crate) async fn follow_place<G: Graph>(
    hub: &Hub<G>,
    session: &SessionHandle<G>,
    place: Place,
    items: Arc<dyn EventProjection>,
) -> Result<Response, Problem> {
    session.info().await?;
    let Place { cursor, until } = place;
    if until == Until::Run
        && let Some(cursor) = cursor
        && session.has_seen_all(cursor).await?
    {
        // tells an EventSource not to come back
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let reader = session.client()?;
    let events = session.events_from(cursor, until, items, reader).await?;
    Ok(response(events, hub.limits.reader_timeout))
}

/// Returns the stream of a run. The run is accepted, so that a log that cannot be read is an event of the
/// stream: the reader comes back to the same place.
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
