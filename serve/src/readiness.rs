//! Whether the log answers.

use crate::text::chain;
use burdock::log::{Log, SessionFilter};
use std::time::Duration;
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
    /// Whether the log answers now, or did a moment ago.
    pub(crate) async fn of(&self, log: &dyn Log) -> bool {
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
            tracing::error!(error = chain(&error), "not ready: the log fails");
            false
        }
        Err(_) => {
            tracing::error!("not ready: the log did not answer within {ANSWER:?}");
            false
        }
    }
}
