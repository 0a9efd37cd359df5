//! Reading a session, from any place on and then live.

use super::Session;
use crate::{
    event::{Plainly, Telling, tell},
    hub::{Hub, Reader},
    problem::Problem,
    stream::{EventStream, Interrupted, Parts, Until, failed, response},
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use burdock::{
    Graph,
    log::{Cursor, LogError, SessionId, SessionInfo, follow as follow_log},
};
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
    Session(SessionInfo { id: session, .. }): Session,
    headers: HeaderMap,
    query: Result<Query<EventsQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    follow_place(&hub, session, Place::of(&headers, &query)?, Arc::new(Plainly)).await
}

/// Opens an event stream, unless it would wait for a run that nobody began.
pub(crate) async fn follow_place<G: Graph>(
    hub: &Arc<Hub<G>>,
    session: SessionId,
    place: Place,
    telling: Arc<dyn Telling>,
) -> Result<Response, Problem> {
    if place.until == Until::Run
        && let Some(cursor) = place.cursor
        && hub.has_seen_all(&session, cursor).await?
    {
        // tells an EventSource not to come back
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let reader = hub.reader(&session)?;
    follow_from(hub, session, place, telling, reader).await
}

/// The stream of a run that has started behind a cursor. The run is accepted, so that a log that cannot be
/// read is an event of the stream: the reader comes back to the same place.
pub(super) async fn follow_run<G: Graph>(
    hub: &Arc<Hub<G>>,
    session: SessionId,
    before: Cursor,
    reader: Reader,
) -> Response {
    let place = Place { cursor: Some(before), until: Until::Run };
    follow_from(hub, session, place, Arc::new(Plainly), reader)
        .await
        .unwrap_or_else(|problem| failed(before, problem))
}

/// Opens an event stream.
async fn follow_from<G: Graph>(
    hub: &Arc<Hub<G>>,
    session: SessionId,
    place: Place,
    telling: Arc<dyn Telling>,
    reader: Reader,
) -> Result<Response, Problem> {
    let follow = match follow_log(&hub.log, &session, place.cursor).await {
        Err(LogError::Trimmed { first, .. }) => {
            return Err(Problem::trimmed(hub.before_entry(&session, first).await?));
        }
        follow => follow?,
    };
    let interrupted: Interrupted = Box::new({
        let (hub, session) = (Arc::clone(hub), session.clone());
        move || {
            let (hub, session) = (Arc::clone(&hub), session.clone());
            Box::pin(async move { hub.interrupted(&session).await })
        }
    });
    Ok(response(EventStream::new(Parts {
        session,
        follow,
        cursor: place.cursor,
        told: tell::<G>,
        telling,
        until: place.until,
        interrupted,
        closing: hub.closing(),
        patience: hub.limits.patience,
        reader,
    })))
}
