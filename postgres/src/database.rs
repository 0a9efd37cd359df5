//! Statements, tried again for as long as the log is patient.

use crate::{
    Options,
    error::{Fault, NoAnswer},
    pool::Pool,
    statements::Statements,
};
use burdock::log::LogError;
use sqlx::{
    PgConnection, Postgres,
    postgres::{PgArguments, PgConnectOptions, PgRow},
    query::Query,
};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct Database {
    pub(crate) statements: Statements,
    pool: Pool,
    patience: Duration,
}

impl Database {
    pub(crate) fn new(
        options: &Options,
        driver: PgConnectOptions,
        first: PgConnection,
        statements: Statements,
    ) -> Self {
        let pool = Pool::new(driver, options.connections, first);
        Self { statements, pool, patience: options.patience }
    }

    /// Runs one statement, in one round trip, until it is answered.
    ///
    /// It may have been carried out more than once, so it has to be one that can be. `bytes` is what
    /// has to be carried there and back.
    pub(crate) async fn rows<'q>(
        &self,
        bytes: usize,
        query: impl Fn() -> Query<'q, Postgres, PgArguments> + Send,
    ) -> Result<Vec<PgRow>, LogError> {
        let carrying = Duration::from_secs((bytes >> 20) as u64);
        let deadline = Instant::now() + self.patience + carrying;
        let (mut pause, mut tried_before) = (FIRST_PAUSE, false);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            // half of it, so that a connection that went silent leaves time for another one
            let limit = left.min(self.patience / 2 + carrying);
            let fault = match self.attempt(limit, query()).await {
                Ok(rows) => return Ok(rows),
                Err(fault) => fault,
            };
            let source = match fault {
                // an earlier attempt, whose answer was lost, may be stored
                Fault::Lasting(LogError::Full { source, .. }) if tried_before => {
                    return Err(LogError::Unavailable(source));
                }
                Fault::Lasting(error) => return Err(error),
                Fault::Passing(source) => source,
            };
            if Instant::now() + pause >= deadline {
                return Err(LogError::Unavailable(source));
            }
            tracing::debug!(error = &*source as &dyn std::error::Error, "trying again");
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
            tried_before = true;
        }
    }

    /// The only row of such a statement.
    pub(crate) async fn row<'q>(
        &self,
        bytes: usize,
        query: impl Fn() -> Query<'q, Postgres, PgArguments> + Send,
    ) -> Result<Option<PgRow>, LogError> {
        Ok(self.rows(bytes, query).await?.pop())
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    async fn attempt(
        &self,
        limit: Duration,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, Fault> {
        let mut lease = self.pool.lease(limit).await?;
        match timeout(limit, query.fetch_all(&mut lease.connection)).await {
            Ok(Ok(rows)) => {
                lease.give_back();
                Ok(rows)
            }
            Ok(Err(error)) => {
                match Fault::of(error) {
                    // the statement failed, not the connection
                    fault @ Fault::Lasting(_) => {
                        lease.give_back();
                        Err(fault)
                    }
                    fault @ Fault::Passing(_) => {
                        lease.give_up();
                        Err(fault)
                    }
                }
            }
            Err(_) => {
                lease.give_up();
                Err(NoAnswer::Silent(limit).into())
            }
        }
    }
}
