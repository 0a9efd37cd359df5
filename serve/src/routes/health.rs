//! Health and readiness, for load balancers and service managers.

use crate::{hub::Hub, problem::Problem};
use axum::extract::State;
use burdock::{
    Graph,
    log::{Log, SessionFilter},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

/// How long the log may take to answer.
const ANSWER: Duration = Duration::from_secs(2);

/// How long an answer holds: anybody may ask, and the log is not asked more often.
const HOLDS: Duration = Duration::from_secs(1);

/// The last answer of the log, shared by the requests that ask for it.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, bool)>>);

impl Readiness {
    async fn of(&self, log: &dyn Log) -> bool {
        let mut last = self.0.lock().await;
        if let Some((_, answer)) = last.filter(|(asked, _)| asked.elapsed() < HOLDS) {
            return answer;
        }
        let answer = is_ready(log).await;
        *last = Some((Instant::now(), answer));
        answer
    }
}

async fn is_ready(log: &dyn Log) -> bool {
    let one = SessionFilter { limit: 1, ..SessionFilter::default() };
    match timeout(ANSWER, log.sessions(one)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            tracing::error!(error = crate::problem::chain(&error), "not ready: the log fails");
            false
        }
        Err(_) => {
            tracing::error!("not ready: the log did not answer within {ANSWER:?}");
            false
        }
    }
}

/// `GET /health`: the process serves requests.
pub(super) async fn health() -> &'static str {
    "ok"
}

/// `GET /ready`: the server can serve sessions.
pub(super) async fn ready<G: Graph>(
    State(hub): State<Arc<Hub<G>>>,
) -> Result<&'static str, Problem> {
    if hub.closing().is_cancelled() {
        return Err(Problem::shutting_down());
    }
    if hub.readiness.of(&*hub.log).await {
        Ok("ok")
    } else {
        Err(Problem::unavailable("not_ready", "the sessions cannot be reached: try again"))
    }
}
