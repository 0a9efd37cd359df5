//! How a log is reached and how it behaves.

use crate::{ConnectError, PostgresLog};
use sqlx::{
    ConnectOptions as _,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{fmt, str::FromStr, time::Duration};

/// A clock cannot count as far as a duration.
const LONGEST: Duration = Duration::from_hours(24);

/// How to reach a [`PostgresLog`], and how it behaves.
///
/// ```no_run
/// use burdock_postgres::Options;
/// use std::time::Duration;
///
/// # async fn connect() -> Result<(), burdock_postgres::ConnectError> {
/// let log = Options::new("postgres://app@db.example/app?sslmode=verify-full")
///     .schema("chats")
///     .connections(20)
///     .patience(Duration::from_secs(10))
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
    pub(crate) connections: u32,
    pub(crate) gather: Duration,
    pub(crate) gather_bytes: usize,
    pub(crate) patience: Duration,
    pub(crate) poll: Duration,
}

impl Options {
    /// A log in the schema `burdock` of the database with this URL.
    ///
    /// The URL is one that libpq knows, `postgres://user:password@host:port/database`, with
    /// `sslmode`, `sslrootcert` and the like as parameters.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema: "burdock".into(),
            connections: 10,
            gather: Duration::from_millis(20),
            gather_bytes: 64 << 10,
            patience: Duration::from_secs(5),
            poll: Duration::from_secs(1),
        }
    }

    /// In this schema, which is made when it is missing; two of them are two logs.
    #[must_use]
    pub fn schema(self, schema: impl Into<String>) -> Self {
        Self { schema: schema.into(), ..self }
    }

    /// At most so many connections at once, 10 by default, and two more for notifications.
    ///
    /// So many sessions are written or read at the same moment; others wait for their turn.
    #[must_use]
    pub fn connections(self, connections: u32) -> Self {
        Self { connections: connections.max(1), ..self }
    }

    /// How long appends that nobody waits for are gathered, 20 ms by default, and how many bytes end
    /// the wait, 64 KiB by default.
    #[must_use]
    pub fn gather(self, wait: Duration, bytes: usize) -> Self {
        Self { gather: wait.min(LONGEST), gather_bytes: bytes, ..self }
    }

    /// How long an operation goes on trying when the database does not answer, 5 s by default; then
    /// it fails with [`Unavailable`](burdock::log::LogError::Unavailable).
    ///
    /// A second is added for each MiB that has to be carried.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience: patience.min(LONGEST), ..self }
    }

    /// How often those who wait for entries look by themselves, in case that a notification was
    /// lost; once a second by default.
    #[must_use]
    pub fn poll(self, interval: Duration) -> Self {
        Self { poll: interval.clamp(Duration::from_millis(1), LONGEST), ..self }
    }

    /// Connects, and makes the schema or brings it up to date.
    ///
    /// # Errors
    /// See [`ConnectError`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves the schema as it was or up to date.
    pub async fn connect(self) -> Result<PostgresLog, ConnectError> {
        PostgresLog::connect_with(self).await
    }

    /// What the driver needs to know.
    pub(crate) fn driver(&self) -> Result<PgConnectOptions, ConnectError> {
        let driver = PgConnectOptions::from_str(&self.url)
            .map_err(|error| ConnectError::InvalidUrl { source: Box::new(error) })?;
        let name = driver.get_application_name().unwrap_or("burdock").to_owned();
        Ok(driver.application_name(&name).disable_statement_logging())
    }

    /// The name of the schema as it stands in a statement.
    pub(crate) fn quoted_schema(&self) -> Result<String, ConnectError> {
        let schema = &self.schema;
        if schema.is_empty() || schema.len() > 63 || schema.contains('\0') {
            return Err(ConnectError::InvalidSchema { schema: schema.clone() });
        }
        Ok(format!("\"{}\"", schema.replace('"', "\"\"")))
    }
}

/// The URL may hold a password, so only where it leads is shown.
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
            .field("connections", &self.connections)
            .field("gather", &self.gather)
            .field("gather_bytes", &self.gather_bytes)
            .field("patience", &self.patience)
            .field("poll", &self.poll)
            .finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_quoted_and_a_name_that_cannot_be_one_is_refused() {
        let quoted = |name: &str| Options::new("").schema(name).quoted_schema();
        assert_eq!(quoted("my \"log\"").unwrap(), "\"my \"\"log\"\"\"");
        for name in ["", "a\0b", &"x".repeat(64)] {
            assert!(matches!(quoted(name), Err(ConnectError::InvalidSchema { .. })), "{name:?}");
        }
    }

    #[test]
    fn what_is_printed_holds_no_password() {
        let options = Options::new("postgres://me:secret@db.example:5433/app");
        let printed = format!("{options:?}");
        assert!(printed.contains("db.example") && !printed.contains("secret"), "{printed}");
    }
}
