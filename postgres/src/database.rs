//! Execution of statements, with retries until a timeout.

use crate::{
    Options,
    error::{AttemptError, Timeout},
    pool::{MAX_IDLE, Pool},
    statements::Statements,
};
use burdock::log::LogError;
use sqlx::{
    PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow},
    query::Query,
};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

const FIRST_DELAY: Duration = Duration::from_millis(20);
const MAX_DELAY: Duration = Duration::from_secs(1);

pub(crate) struct Database {
    pub(crate) statements: Statements,
    pool: Pool,
    /// The connections for transactions of the program. They are separate, so that slow transactions delay no appends.
    transactions: PgPool,
    operation_timeout: Duration,
}

impl Database {
    pub(crate) fn new(
        options: &Options,
        driver: PgConnectOptions,
        first: PgConnection,
        statements: Statements,
    ) -> Self {
        let operation_timeout = options.operation_timeout;
        let transactions = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(operation_timeout)
            .idle_timeout(MAX_IDLE)
            // a transaction whose connection is broken is started again
            .test_before_acquire(false)
            .connect_lazy_with(driver.clone());
        let pool = Pool::new(driver, options.max_connections, first);
        Self { statements, pool, transactions, operation_timeout }
    }

    /// Starts a transaction of the program.
    pub(crate) async fn start_transaction(
        &self,
    ) -> Result<Transaction<'static, Postgres>, AttemptError> {
        self.transactions.begin().await.map_err(AttemptError::from_driver)
    }

    /// Runs one statement in one round trip, with retries.
    ///
    /// The statement may be executed more than once, so it must be idempotent. `bytes` is the size of
    /// the data to be transferred; it extends the timeout.
    pub(crate) async fn rows<'q>(
        &self,
        bytes: usize,
        query: impl Fn() -> Query<'q, Postgres, PgArguments> + Send,
    ) -> Result<Vec<PgRow>, LogError> {
        let transfer = Duration::from_secs((bytes >> 20) as u64);
        let deadline = Instant::now() + self.operation_timeout + transfer;
        let (mut delay, mut is_retry) = (FIRST_DELAY, false);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            // half of the timeout, so that a stalled connection leaves time for another one
            let limit = left.min(self.operation_timeout / 2 + transfer);
            let error = match self.attempt(limit, query()).await {
                Ok(rows) => return Ok(rows),
                Err(error) => error,
            };
            let source = match error {
                // an earlier attempt whose response was lost may have been stored
                AttemptError::Permanent(LogError::Full { source, .. }) if is_retry => {
                    return Err(LogError::Unavailable(source));
                }
                AttemptError::Permanent(error) => return Err(error),
                AttemptError::Transient(source) => source,
            };
            if Instant::now() + delay >= deadline {
                return Err(LogError::Unavailable(source));
            }
            tracing::debug!(error = &*source as &dyn std::error::Error, "retrying");
            sleep(delay).await;
            delay = MAX_DELAY.min(delay * 2);
            is_retry = true;
        }
    }

    /// Runs a statement that returns at most one row; see [`rows`](Self::rows).
    pub(crate) async fn row<'q>(
        &self,
        bytes: usize,
        query: impl Fn() -> Query<'q, Postgres, PgArguments> + Send,
    ) -> Result<Option<PgRow>, LogError> {
        Ok(self.rows(bytes, query).await?.pop())
    }

    pub(crate) async fn close(&self) {
        // a transaction whose task is not polled keeps its connection
        let _ = timeout(self.operation_timeout, self.transactions.close()).await;
        self.pool.close().await;
    }

    async fn attempt(
        &self,
        limit: Duration,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, AttemptError> {
        let mut pooled = self.pool.acquire(limit).await?;
        match timeout(limit, query.fetch_all(&mut pooled.connection)).await {
            Ok(Ok(rows)) => {
                pooled.release();
                Ok(rows)
            }
            Ok(Err(error)) => {
                match AttemptError::from_driver(error) {
                    // the statement failed, not the connection
                    error @ AttemptError::Permanent(_) => {
                        pooled.release();
                        Err(error)
                    }
                    error @ AttemptError::Transient(_) => {
                        pooled.discard();
                        Err(error)
                    }
                }
            }
            Err(_) => {
                pooled.discard();
                Err(Timeout::Response(limit).into())
            }
        }
    }
}
