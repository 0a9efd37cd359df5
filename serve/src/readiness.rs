//! Readiness: whether the log responds.

use crate::text::chain;
use burdock::log::{Log, SessionFilter};
use std::time::Duration;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

/// How long the log may take to respond.
const LOG_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a result is cached, so that clients cannot make the server query its log more often.
const CACHED_FOR: Duration = Duration::from_secs(1);

/// The last result, which requests share.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, bool)>>);

impl Readiness {
    /// Returns whether the log responds, or responded in the last second.
    pub(crate) async fn check(&self, log: &dyn Log) -> bool {
        let mut last = self.0.lock().await;
        if let Some((_, ready)) = last.filter(|(checked, _)| checked.elapsed() < CACHED_FOR) {
            return ready;
        }
        let ready = is_ready(log).await;
        *last = Some((Instant::now(), ready));
        ready
    }
}

async fn is_ready(log: &dyn Log) -> bool {
    let one = SessionFilter { limit: 1, ..SessionFilter::default() };
    match timeout(LOG_TIMEOUT, log.sessions(one)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            tracing::error!(error = chain(&error), "not ready: the log fails");
            false
        }
        Err(_) => {
            tracing::error!("not ready: the log did not respond within {LOG_TIMEOUT:?}");
            false
        }
    }
}
