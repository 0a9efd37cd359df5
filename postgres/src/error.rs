//! What can go wrong, and whether trying again helps.

use burdock::log::LogError;
use sqlx::{error::DatabaseError, migrate::MigrateError};
use std::{error::Error, sync::Arc, time::Duration};

/// Why a log could not be connected to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// It was called outside of a tokio runtime, or in one without its clock or its sockets.
    #[error("there is no tokio runtime here with `enable_all`, in which the log could work")]
    NoRuntime,
    /// The URL cannot be read.
    #[error("the URL of the database cannot be read")]
    InvalidUrl {
        /// What the driver says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The name of the schema cannot be one.
    #[error("`{schema}` cannot be the name of a schema: it takes 1 to 63 bytes without a NUL")]
    InvalidSchema {
        /// The name.
        schema: String,
    },
    /// The database does not hold every text.
    #[error("the database has the encoding {encoding}, and UTF8 is needed: make one with it")]
    Encoding {
        /// Its encoding.
        encoding: String,
    },
    /// A newer burdock-postgres made the schema.
    #[error(
        "the schema `{schema}` has version {found}, and this program knows versions up to {known}: update burdock-postgres"
    )]
    NewerSchema {
        /// The schema.
        schema: String,
        /// Its version.
        found: i64,
        /// The newest one that is known.
        known: i64,
    },
    /// The schema could not be made or brought up to date.
    #[error("the schema `{schema}` could not be made or brought up to date")]
    Migration {
        /// The schema.
        schema: String,
        /// What the driver says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The database does not answer, or does not let us in.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Why an attempt failed.
pub(crate) enum Fault {
    /// Another attempt may help.
    Passing(Arc<dyn Error + Send + Sync>),
    Lasting(LogError),
}

/// Why an attempt came to no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("the database did not answer within {0:?}")]
    Silent(Duration),
    #[error("no connection became free within {0:?}")]
    Busy(Duration),
}

impl Fault {
    pub(crate) fn of(error: sqlx::Error) -> Self {
        let reason = match &error {
            sqlx::Error::Database(refusal) => match refusal.code().as_deref() {
                Some(code) if passes(code) => return Self::Passing(Arc::new(error)),
                Some("53100") => {
                    let reason = "the disk of the database is full".into();
                    return Self::Lasting(LogError::Full { reason, source: Arc::new(error) });
                }
                Some(code) => reason(code),
                None => "the database refuses",
            },
            sqlx::Error::Configuration(_) | sqlx::Error::InvalidArgument(_) => {
                "the connection is not set up rightly"
            }
            sqlx::Error::Encode(_) => "it cannot be sent",
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::RowNotFound
            | sqlx::Error::Decode(_) => "the database gives an answer that was not expected",
            // sockets, TLS, and a protocol that is cut off
            _ => return Self::Passing(Arc::new(error)),
        };
        Self::Lasting(LogError::Storage { reason: reason.into(), source: Arc::new(error) })
    }
}

impl From<NoAnswer> for Fault {
    fn from(error: NoAnswer) -> Self {
        Self::Passing(Arc::new(error))
    }
}

/// Whether what this SQLSTATE says may be over soon.
fn passes(code: &str) -> bool {
    // lost connections; shutdown, crash and start; too many connections; conflicts; timeouts
    code.starts_with("08")
        || matches!(
            code,
            "57P01" | "57P02" | "57P03" | "57P05" | "53300" | "40001" | "40P01" | "55P03" | "57014"
        )
}

fn reason(code: &str) -> &'static str {
    match code {
        "25006" => "the database is read-only",
        "42501" => "the database denies permission",
        "3F000" | "42P01" | "42883" => "the tables of the log are gone",
        "3D000" => "there is no such database",
        "XX001" | "XX002" => "the database is damaged",
        _ if code.starts_with("28") => "the database does not let us in",
        _ if code.starts_with("53") => "the database has no room left",
        _ => "the database refuses",
    }
}

/// Whether the database says that what it has stored is broken.
pub(crate) fn is_damage(error: &LogError) -> bool {
    let LogError::Storage { source, .. } = error else { return false };
    let refusal = source.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    matches!(refusal.and_then(DatabaseError::code).as_deref(), Some("XX001" | "XX002"))
}

/// An answer that the statements cannot give.
pub(crate) fn unexpected(answer: String) -> LogError {
    let source: Box<dyn Error + Send + Sync> = answer.into();
    let reason = "the database gives an answer that was not expected".into();
    LogError::Storage { reason, source: source.into() }
}

/// The error of the driver in an error of its migrations.
pub(crate) fn of_migration(schema: &str, error: MigrateError) -> ConnectError {
    ConnectError::Migration { schema: schema.to_owned(), source: Box::new(error) }
}
