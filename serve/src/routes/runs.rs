//! Starts and resumes of runs. None of them is a GET, which a browser would repeat at each reconnect.

use super::{Session, events::follow_run};
use crate::{
    error::SessionError,
    hub::{Hub, IfRunning, IfUnfinished, Reader},
    json::{Body, Json},
    problem::Problem,
    schema,
    session::{RunHandle, SessionHandle},
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use burdock::{Graph, log::Existence};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The header with the cursor just before a run's first event.
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

/// A run that has started, and whose events can be followed from the cursor.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Accepted {
    session: String,
    #[schemars(with = "schema::Cursor")]
    cursor: String,
}

impl Accepted {
    pub(crate) fn new<G: Graph>(run: &RunHandle<G>) -> Self {
        Self { session: run.session().id().as_str().into(), cursor: run.cursor().to_string() }
    }
}

/// `POST /sessions/{id}/runs`
pub(super) async fn start<G: Graph>(
    State(hub): State<Arc<Hub<G>>>,
    Session(session): Session<G>,
    query: Result<Query<RunQuery>, QueryRejection>,
    headers: HeaderMap,
    inputs: Result<Body<Value>, Problem>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    let Body(inputs) = inputs?;
    let existence = existence(&headers)?;
    let reader = query.reader(&session)?;
    let start = session
        .start_json(inputs)
        .if_running(query.if_running)
        .if_unfinished(query.if_unfinished)
        .existence(existence);
    let run = start.await.map_err(|error| match (existence, error) {
        // with `if-match`, a missing session is a failed precondition
        (
            Existence::Existing,
            error @ (SessionError::NotFound { .. } | SessionError::OtherGraph),
        ) => {
            let detail = Problem::from(error).into_detail();
            Problem::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", detail)
        }
        (_, error) => error.into(),
    })?;
    Ok(respond(&hub, &run, reader).await)
}

/// `POST /sessions/{id}/resume`
pub(super) async fn resume<G: Graph>(
    State(hub): State<Arc<Hub<G>>>,
    Session(session): Session<G>,
    query: Result<Query<RunQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    let reader = query.reader(&session)?;
    let run = session.resume().if_running(query.if_running).await?;
    Ok(respond(&hub, &run, reader).await)
}

/// Returns whether the session is required to exist or to be new, from the precondition headers.
fn existence(headers: &HeaderMap) -> Result<Existence, Problem> {
    let any = |name: HeaderName| match headers.get(&name).map(HeaderValue::as_bytes) {
        None => Ok(false),
        Some(b"*") => Ok(true),
        Some(_) => Err(Problem::bad_request(
            "invalid_precondition",
            format!("invalid `{name}`: only `*` is supported"),
        )),
    };
    match (any(header::IF_MATCH)?, any(header::IF_NONE_MATCH)?) {
        (false, false) => Ok(Existence::Any),
        (true, false) => Ok(Existence::Existing),
        (false, true) => Ok(Existence::New),
        (true, true) => {
            let detail = "`if-match` and `if-none-match` exclude each other";
            Err(Problem::bad_request("invalid_precondition", detail))
        }
    }
}

impl RunQuery {
    /// Admits the reader of the response, before the run starts.
    fn reader<G: Graph>(&self, session: &SessionHandle<G>) -> Result<Option<Reader>, Problem> {
        Ok(self.stream.then(|| session.admit_client()).transpose()?)
    }
}

/// Responds with a run's event stream, or with the cursor from which it can be followed.
async fn respond<G: Graph>(hub: &Hub<G>, run: &RunHandle<G>, reader: Option<Reader>) -> Response {
    let mut response = match reader {
        Some(reader) => follow_run(hub, run, reader).await,
        None => (StatusCode::ACCEPTED, Json(Accepted::new(run))).into_response(),
    };
    if let Ok(cursor) = HeaderValue::try_from(run.cursor().to_string()) {
        response.headers_mut().insert(CURSOR, cursor);
    }
    response
}
