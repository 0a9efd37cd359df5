//! Options of a log.

use crate::{ConnectError, PostgresLog};
use sqlx::{
    ConnectOptions as _,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{fmt, str::FromStr, time::Duration};

/// Maximum duration of an option; adding larger ones to an `Instant` could overflow.
const MAX_DURATION: Duration = Duration::from_hours(24);

/// Options for connecting to a [`PostgresLog`].
///
/// ```no_run
/// use burdock_postgres::Options;
/// use std::time::Duration;
///
/// # async fn connect() -> Result<(), burdock_postgres::ConnectError> {
/// let log = Options::new("postgres://app@db.example/app?sslmode=verify-full")
///     .schema("chats")
///     .max_connections(20)
///     .operation_timeout(Duration::from_secs(10))
///     .connect()
///     .await?;
/// # let _ = log;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Options {
    url: String,
    pub(crate) schema: String,
    pub(crate) max_connections: u32,
    pub(crate) batch_delay: Duration,
    pub(crate) batch_bytes: usize,
    pub(crate) operation_timeout: Duration,
    pub(crate) poll_interval: Duration,
}

impl Options {
    /// Creates options for the database with this URL.
    ///
    /// The URL has the format of libpq, `postgres://user:password@host:port/database`, with parameters
    /// such as `sslmode` and `sslrootcert`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema: "burdock".into(),
            max_connections: 10,
            batch_delay: Duration::from_millis(20),
            batch_bytes: 64 << 10,
            operation_timeout: Duration::from_secs(5),
            poll_interval: Duration::from_secs(1),
        }
    }

    /// Sets the schema of the log. Defaults to `burdock`.
    ///
    /// The schema is created if it is missing. Logs in different schemas are independent.
    #[must_use]
    pub fn schema(self, schema: impl Into<String>) -> Self {
        Self { schema: schema.into(), ..self }
    }

    /// Sets the maximum number of connections for reads and writes. Defaults to 10.
    ///
    /// Operations that find all connections in use wait for one. [`PostgresLog::transaction`] uses up to
    /// as many connections of its own, and notifications use two more.
    #[must_use]
    pub fn max_connections(self, connections: u32) -> Self {
        Self { max_connections: connections.max(1), ..self }
    }

    /// Sets how long appends with [`Urgency::Whenever`](burdock::log::Urgency::Whenever) are batched,
    /// and the number of queued bytes at which a batch is written earlier. Defaults to 20 ms and
    /// 64 KiB.
    #[must_use]
    pub fn batching(self, max_delay: Duration, max_bytes: usize) -> Self {
        Self { batch_delay: max_delay.min(MAX_DURATION), batch_bytes: max_bytes, ..self }
    }

    /// Sets the time limit of an operation, including retries while the database does not respond.
    /// Defaults to 5 s.
    ///
    /// After that time, the operation returns
    /// [`LogError::Unavailable`](burdock::log::LogError::Unavailable). The limit is extended by one
    /// second for each MiB of data to be transferred.
    #[must_use]
    pub fn operation_timeout(self, timeout: Duration) -> Self {
        Self { operation_timeout: timeout.min(MAX_DURATION), ..self }
    }

    /// Sets how often waiting readers check for new entries in case a notification was lost. Defaults
    /// to 1 s.
    #[must_use]
    pub fn poll_interval(self, interval: Duration) -> Self {
        Self { poll_interval: interval.clamp(Duration::from_millis(1), MAX_DURATION), ..self }
    }

    /// Connects to the database, and creates or migrates the schema.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached or the schema cannot be used; see
    /// [`ConnectError`].
    ///
    /// # Cancel safety
    /// If the future is dropped, the schema is either unchanged or fully migrated.
    pub async fn connect(self) -> Result<PostgresLog, ConnectError> {
        PostgresLog::connect_with(self).await
    }

    /// Returns the options of the driver.
    pub(crate) fn driver(&self) -> Result<PgConnectOptions, ConnectError> {
        let driver = PgConnectOptions::from_str(&self.url)
            .map_err(|error| ConnectError::InvalidUrl { source: Box::new(error) })?;
        let name = driver.get_application_name().unwrap_or("burdock").to_owned();
        Ok(driver.application_name(&name).disable_statement_logging())
    }

    /// Returns the name of the schema, quoted for statements.
    pub(crate) fn quoted_schema(&self) -> Result<String, ConnectError> {
        let schema = &self.schema;
        if schema.is_empty() || schema.len() > 63 || schema.contains('\0') {
            return Err(ConnectError::InvalidSchema { schema: schema.clone() });
        }
        Ok(format!("\"{}\"", schema.replace('"', "\"\"")))
    }
}

/// Omits the URL, which may contain a password.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let driver = PgConnectOptions::from_str(&self.url).ok();
        f.debug_struct("Options")
            .field("host", &driver.as_ref().map(PgConnectOptions::get_host))
            .field("port", &driver.as_ref().map(PgConnectOptions::get_port))
            .field("database", &driver.as_ref().and_then(PgConnectOptions::get_database))
            .field(
                "ssl_mode",
                &driver.as_ref().map_or(PgSslMode::Prefer, PgConnectOptions::get_ssl_mode),
            )
            .field("schema", &self.schema)
            .field("max_connections", &self.max_connections)
            .field("batch_delay", &self.batch_delay)
            .field("batch_bytes", &self.batch_bytes)
            .field("operation_timeout", &self.operation_timeout)
            .field("poll_interval", &self.poll_interval)
            .finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn schema_names_are_quoted_and_invalid_ones_are_rejected() {
        let quoted = |name: &str| Options::new("").schema(name).quoted_schema();
        assert_eq!(quoted("my \"log\"").unwrap(), "\"my \"\"log\"\"\"");
        for name in ["", "a\0b", &"x".repeat(64)] {
            assert!(matches!(quoted(name), Err(ConnectError::InvalidSchema { .. })), "{name:?}");
        }
    }

    #[test]
    fn debug_output_omits_the_password() {
        let options = Options::new("postgres://me:secret@db.example:5433/app");
        let printed = format!("{options:?}");
        assert!(printed.contains("db.example") && !printed.contains("secret"), "{printed}");
    }
}
