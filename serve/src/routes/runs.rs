//! Beginning runs. There is no GET that does: a browser would repeat it at each reconnect.

use super::{Id, Session, events::follow_run};
use crate::{
    hub::{Begin, Hub, IfRunning, IfUnfinished, Reader, Terms},
    json::{Body, Integers, Json},
    problem::Problem,
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use burdock::{
    Graph,
    log::{Cursor, Existence, SessionId, SessionInfo},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The place just before a run's first event.
const CURSOR: HeaderName = HeaderName::from_static("burdock-cursor");

#[derive(Debug, Deserialize)]
pub(super) struct RunQuery {
    #[serde(default)]
    if_running: IfRunning,
    #[serde(default)]
    if_unfinished: IfUnfinished,
    #[serde(default = "yes")]
    stream: bool,
}

fn yes() -> bool {
    true
}

/// A run that was begun and whose events are read elsewhere.
#[derive(Debug, Serialize)]
pub(crate) struct Accepted {
    pub(crate) session: String,
    pub(crate) cursor: String,
}

/// `POST /sessions/{id}/runs`
pub(super) async fn begin<G: Graph>(
    State(hub): State<Arc<Hub<G>>>,
    Id(session): Id,
    query: Result<Query<RunQuery>, QueryRejection>,
    headers: HeaderMap,
    inputs: Result<Body<Value>, Problem>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    let Body(inputs) = inputs?;
    let begin = decode::<G>(inputs)?;
    let existence = existence(&headers)?;
    let reader = query.reader(&hub, &session)?;
    let before = hub.begin(&session, begin, query.terms(existence)).await.map_err(|problem| {
        // what the client asked for with `if-match`
        match (existence, problem.code()) {
            (Existence::Existing, "unknown_session" | "other_graph") => Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "precondition_failed",
                problem.into_detail(),
            ),
            _ => problem,
        }
    })?;
    Ok(answer(&hub, session, before, reader).await)
}

/// `POST /sessions/{id}/resume`
pub(super) async fn resume<G: Graph>(
    State(hub): State<Arc<Hub<G>>>,
    Session(SessionInfo { id: session, .. }): Session,
    query: Result<Query<RunQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    let reader = query.reader(&hub, &session)?;
    let before = hub.begin(&session, Begin::Resume, query.terms(Existence::Existing)).await?;
    Ok(answer(&hub, session, before, reader).await)
}

/// The inputs of a graph, from JSON.
fn decode<G: Graph>(inputs: Value) -> Result<Begin<G>, Problem> {
    let Value::Object(given) = &inputs else {
        return Err(Problem::invalid_inputs("the inputs are a JSON object"));
    };
    let known = G::TOPOLOGY.inputs;
    if let Some(name) = given.keys().find(|name| known.iter().all(|input| input.name != **name)) {
        let known = known.iter().map(|input| input.name).collect::<Vec<_>>().join(", ");
        let detail = format!("there is no input `{name}`; the inputs are: {known}");
        return Err(Problem::invalid_inputs(detail));
    }
    let is_given = |name: &str| given.get(name).is_some_and(|value| !value.is_null());
    let optional = known.iter().filter(|input| input.optional && is_given(input.name));
    Ok(Begin::Run {
        optional: optional.map(|input| input.name).collect(),
        inputs: Arc::new(move || {
            // names the input, and what in it
            serde_path_to_error::deserialize(Integers(inputs.clone()))
                .map_err(|error| Problem::invalid_inputs(error.to_string()))
        }),
    })
}

/// Whether the session has to exist, by the headers that ask for it.
fn existence(headers: &HeaderMap) -> Result<Existence, Problem> {
    let any = |name: HeaderName| match headers.get(&name).map(HeaderValue::as_bytes) {
        None => Ok(false),
        Some(b"*") => Ok(true),
        Some(_) => {
            Err(Problem::bad_request("invalid_precondition", format!("`{name}` can only be `*`")))
        }
    };
    match (any(header::IF_MATCH)?, any(header::IF_NONE_MATCH)?) {
        (false, false) => Ok(Existence::Any),
        (true, false) => Ok(Existence::Existing),
        (false, true) => Ok(Existence::New),
        (true, true) => {
            let detail = "a session cannot have to exist and have to be new";
            Err(Problem::bad_request("invalid_precondition", detail))
        }
    }
}

impl RunQuery {
    /// The one who reads the answer, who is let in before anything begins.
    fn reader<G: Graph>(
        &self,
        hub: &Hub<G>,
        session: &SessionId,
    ) -> Result<Option<Reader>, Problem> {
        self.stream.then(|| hub.reader(session)).transpose()
    }

    fn terms(&self, existence: Existence) -> Terms {
        let Self { if_running, if_unfinished, .. } = *self;
        Terms { existence, if_running, if_unfinished }
    }
}

/// A run's event stream, or where to find it.
async fn answer<G: Graph>(
    hub: &Arc<Hub<G>>,
    session: SessionId,
    before: Cursor,
    reader: Option<Reader>,
) -> Response {
    let cursor = before.to_string();
    let mut response = if let Some(reader) = reader {
        follow_run(hub, session, before, reader).await
    } else {
        let accepted = Accepted { session: session.as_str().into(), cursor: cursor.clone() };
        (StatusCode::ACCEPTED, Json(accepted)).into_response()
    };
    if let Ok(cursor) = HeaderValue::try_from(cursor) {
        response.headers_mut().insert(CURSOR, cursor);
    }
    response
}
