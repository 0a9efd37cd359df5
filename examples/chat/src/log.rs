//! The log at a place that a command line names.

use burdock::Log;
use burdock_sqlite::SqliteLog;
#[cfg(feature = "postgres")]
use std::time::Duration;
use std::{error::Error, sync::Arc};

/// Opens the log at a place: the address of a `PostgreSQL` database, or else a file.
///
/// # Errors
/// What the log says, or that the feature `postgres` is missing.
pub async fn open(place: &str) -> Result<Arc<dyn Log>, Box<dyn Error>> {
    if place.starts_with("postgres://") || place.starts_with("postgresql://") {
        return open_postgres(place).await;
    }
    Ok(Arc::new(SqliteLog::open(place).await?))
}

#[cfg(feature = "postgres")]
async fn open_postgres(place: &str) -> Result<Arc<dyn Log>, Box<dyn Error>> {
    // a user waits rather than say it again
    let options = burdock_postgres::Options::new(place).operation_timeout(Duration::from_mins(1));
    Ok(Arc::new(options.connect().await?))
}

#[cfg(not(feature = "postgres"))]
#[expect(clippy::unused_async, reason = "as with the feature")]
async fn open_postgres(_place: &str) -> Result<Arc<dyn Log>, Box<dyn Error>> {
    Err("PostgreSQL needs a feature: add `--features postgres` to `cargo run`".into())
}
