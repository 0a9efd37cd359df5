//! Errors, and whether another attempt can succeed.

use burdock::log::LogError;
use sqlx::{error::DatabaseError, migrate::MigrateError};
use std::{error::Error, sync::Arc, time::Duration};

/// Errors of connecting to a log.
///
/// ```
/// use burdock_postgres::{ConnectError, Options};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let error = Options::new("postgres://app@db.example/app").schema("").connect().await.unwrap_err();
/// assert!(matches!(error, ConnectError::InvalidSchema { .. }));
///
/// let error = Options::new("db.example").connect().await.unwrap_err();
/// assert!(matches!(error, ConnectError::InvalidUrl { .. }));
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The future was polled outside of a tokio runtime, or in one without a time or I/O driver.
    #[error("not in a tokio runtime with `enable_all`")]
    NoRuntime,
    /// The URL is invalid.
    #[error("invalid database URL")]
    InvalidUrl {
        /// The error of the driver.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The schema name is invalid.
    #[error("invalid schema name `{schema}`: expected 1 to 63 bytes without NUL")]
    InvalidSchema {
        /// The name.
        schema: String,
    },
    /// The encoding of the database cannot represent all text.
    #[error("unsupported database encoding {encoding}: create the database with encoding UTF8")]
    Encoding {
        /// The encoding of the database.
        encoding: String,
    },
    /// The schema was created or migrated by a newer version of burdock-postgres.
    #[error(
        "schema `{schema}` has version {found}, but this program supports versions up to {known}: update burdock-postgres"
    )]
    NewerSchema {
        /// The schema.
        schema: String,
        /// The version of the schema.
        found: i64,
        /// The latest supported version.
        known: i64,
    },
    /// The schema could not be created or migrated.
    #[error("failed to create or migrate schema `{schema}`")]
    Migration {
        /// The schema.
        schema: String,
        /// The error of the driver.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The database is unavailable or rejected the connection.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Error of one attempt to run a statement.
pub(crate) enum AttemptError {
    /// Another attempt may succeed.
    Transient(Arc<dyn Error + Send + Sync>),
    /// Another attempt would fail as well.
    Permanent(LogError),
}

/// An attempt timed out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Timeout {
    #[error("the database did not respond within {0:?}")]
    Response(Duration),
    #[error("no connection became available within {0:?}")]
    Connection(Duration),
}

impl AttemptError {
    pub(crate) fn from_driver(error: sqlx::Error) -> Self {
        let reason = match &error {
            sqlx::Error::Database(database) => match database.code().as_deref() {
                Some(code) if is_transient(code) => return Self::Transient(Arc::new(error)),
                Some("53100") => {
                    let reason = "the disk of the database is full".into();
                    return Self::Permanent(LogError::Full { reason, source: Arc::new(error) });
                }
                Some(code) => reason(code),
                None => "the database rejected the statement",
            },
            sqlx::Error::Configuration(_) | sqlx::Error::InvalidArgument(_) => {
                "invalid connection settings"
            }
            sqlx::Error::Encode(_) => "the statement cannot be encoded",
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::RowNotFound
            | sqlx::Error::Decode(_) => "unexpected response from the database",
            // errors of sockets and TLS, and connections that were closed during a response
            _ => return Self::Transient(Arc::new(error)),
        };
        Self::Permanent(LogError::Storage { reason: reason.into(), source: Arc::new(error) })
    }
}

impl From<Timeout> for AttemptError {
    fn from(error: Timeout) -> Self {
        Self::Transient(Arc::new(error))
    }
}

/// Returns whether the condition of an SQLSTATE code may be temporary.
fn is_transient(code: &str) -> bool {
    // lost connections; shutdown, crash and startup; too many connections; conflicts; timeouts
    code.starts_with("08")
        || matches!(
            code,
            "57P01" | "57P02" | "57P03" | "57P05" | "53300" | "40001" | "40P01" | "55P03" | "57014"
        )
}

fn reason(code: &str) -> &'static str {
    match code {
        "25006" => "the database is read-only",
        "42501" => "permission denied by the database",
        "3F000" | "42P01" | "42883" => "the tables of the log do not exist",
        "3D000" => "the database does not exist",
        "XX001" | "XX002" => "the database is damaged",
        _ if code.starts_with("28") => "authentication failed",
        _ if code.starts_with("53") => "the database is out of resources",
        _ => "the database rejected the statement",
    }
}

/// Returns whether the database reported that its stored data is corrupt.
pub(crate) fn is_damage(error: &LogError) -> bool {
    let LogError::Storage { source, .. } = error else { return false };
    let database = source.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    matches!(database.and_then(DatabaseError::code).as_deref(), Some("XX001" | "XX002"))
}

/// Returns the error for a response that the statements never return.
pub(crate) fn unexpected(response: String) -> LogError {
    let source: Box<dyn Error + Send + Sync> = response.into();
    let reason = "unexpected response from the database".into();
    LogError::Storage { reason, source: source.into() }
}

pub(crate) fn migration_failed(schema: &str, error: MigrateError) -> ConnectError {
    ConnectError::Migration { schema: schema.to_owned(), source: Box::new(error) }
}
