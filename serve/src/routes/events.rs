//! Reading a session, from any place on and then live.

use super::Session;
use crate::{
    event::{Event, Plainly, Telling, tell},
    hub::{Hub, Reader},
    problem::Problem,
    stream::{EventStream, Parts, Until, response},
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use burdock::{
    Graph,
    log::{Cursor, LogError, Offset, SessionId, follow as follow_log},
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
    Session(session): Session,
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
        && (is_over(hub, &session, cursor).await? || is_left(hub, &session, cursor).await?)
    {
        // tells an EventSource not to come back
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let reader = hub.reader(&session)?;
    follow_from(hub, session, place, telling, reader).await
}

/// Opens an event stream.
pub(crate) async fn follow_from<G: Graph>(
    hub: &Arc<Hub<G>>,
    session: SessionId,
    place: Place,
    telling: Arc<dyn Telling>,
    reader: Reader,
) -> Result<Response, Problem> {
    let follow = match follow_log(&hub.log, &session, place.cursor).await {
        Err(LogError::Trimmed { first, .. }) => {
            return Err(Problem::trimmed(before(hub, &session, first).await?));
        }
        follow => follow?,
    };
    // first, so that what is interrupted from here on is heard
    let ended = reader.ended();
    let interrupted = match place.until {
        Until::Run => hub.interrupted(&session).await?,
        Until::Forever => None,
    };
    Ok(response(EventStream::new(Parts {
        session,
        follow,
        told: tell::<G>,
        telling,
        until: place.until,
        interrupted,
        ended,
        closing: hub.closing(),
        patience: hub.limits.patience,
        reader,
    })))
}

/// The place just before an entry, though what stood there may be gone.
async fn before<G: Graph>(
    hub: &Hub<G>,
    session: &SessionId,
    entry: Offset,
) -> Result<Option<Cursor>, Problem> {
    let Some(offset) = entry.0.checked_sub(1).map(Offset) else { return Ok(None) };
    let epochs = hub.log.epochs(session).await?;
    let epoch = epochs.iter().rev().find(|epoch| epoch.start <= offset);
    Ok(epoch.map(|found| Cursor { epoch: found.epoch, offset }))
}

/// Whether a reader has seen all there is of a run that was interrupted.
async fn is_left<G: Graph>(
    hub: &Hub<G>,
    session: &SessionId,
    cursor: Cursor,
) -> Result<bool, Problem> {
    Ok(hub.interrupted(session).await?.is_some_and(|end| cursor.offset.plus(1) >= end))
}

/// Whether a reader has seen the end of a run, and none was begun since.
async fn is_over<G: Graph>(
    hub: &Hub<G>,
    session: &SessionId,
    cursor: Cursor,
) -> Result<bool, Problem> {
    let told = |record: &burdock::log::Record| {
        Ok::<_, Problem>(tell::<G>(record.entry(session)?, &Plainly).map(|told| told.event))
    };
    let seen = match hub.log.read(session, cursor.offset, 1).await {
        // whether that was the end of a run does not matter: there is more
        Err(LogError::Trimmed { .. }) => return Ok(false),
        seen => seen?,
    };
    let seen = seen.first().filter(|record| record.cursor() == cursor);
    let Some(seen) = seen.map(told).transpose()? else { return Ok(false) };
    if !seen.as_ref().is_some_and(Event::is_terminal) {
        return Ok(false);
    }
    let mut next = cursor.offset.plus(1);
    loop {
        let page = hub.log.read(session, next, 256).await?;
        if page.is_empty() {
            return Ok(true);
        }
        for record in &page {
            if told(record)?.is_some_and(|event| event.is_beginning()) {
                return Ok(false);
            }
        }
        next = next.plus(page.len() as u64);
    }
}
