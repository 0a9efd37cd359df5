//! Opening the log given on the command line.

use burdock::Log;
use burdock_sqlite::SqliteLog;
#[cfg(feature = "postgres")]
use std::time::Duration;
use std::{error::Error, sync::Arc};

/// Opens a log: a `PostgreSQL` database if `place` is its URL, otherwise a file.
///
/// # Errors
/// Returns an error if the log cannot be opened, or if the feature `postgres` is needed and missing.
pub async fn open(place: &str) -> Result<Arc<dyn Log>, Box<dyn Error>> {
    if place.starts_with("postgres://") || place.starts_with("postgresql://") {
        return open_postgres(place).await;
    }
    Ok(Arc::new(SqliteLog::open(place).await?))
}

#[cfg(feature = "postgres")]
async fn open_postgres(place: &str) -> Result<Arc<dyn Log>, Box<dyn Error>> {
    // better to let the user wait than to lose a prompt
    let options = burdock_postgres::Options::new(place).operation_timeout(Duration::from_mins(1));
    Ok(Arc::new(options.connect().await?))
}

#[cfg(not(feature = "postgres"))]
#[expect(clippy::unused_async, reason = "as with the feature")]
async fn open_postgres(_place: &str) -> Result<Arc<dyn Log>, Box<dyn Error>> {
    Err("PostgreSQL needs a feature: add `--features postgres` to `cargo run`".into())
}
