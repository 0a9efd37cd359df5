//! The schema of a log, and its migrations.

use crate::{
    ConnectError, Options,
    error::{AttemptError, migration_failed},
};
use burdock::log::LogError;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Executor as _, PgConnection, Row as _, SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
    postgres::PgConnectOptions,
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Version, name and text of each migration. Published migrations never change.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "log", include_str!("../migrations/0001_log.sql")),
    (2, "graphs", include_str!("../migrations/0002_graphs.sql")),
];

/// Creates or migrates the schema, and returns the connection that it used.
pub(crate) async fn prepare(
    options: &Options,
    driver: &PgConnectOptions,
    schema: &str,
) -> Result<PgConnection, ConnectError> {
    let mut connection = connect(driver, options.operation_timeout).await?;
    let encoding = encoding(&mut connection).await.map_err(log_error)?;
    if encoding != "UTF8" {
        return Err(ConnectError::Encoding { encoding });
    }
    let migrator = migrator(schema);
    let applied = applied(&mut connection, &migrator.table_name).await.map_err(log_error)?;
    let known = MIGRATIONS.last().map_or(0, |(version, ..)| *version);
    if let Some((found, _)) = applied.last().filter(|(found, _)| *found > known) {
        let schema = options.schema.clone();
        return Err(ConnectError::NewerSchema { schema, found: *found, known });
    }
    // an up-to-date schema needs no permission to change it
    let same = |(ours, theirs): (&Migration, &(i64, Vec<u8>))| {
        ours.version == theirs.0 && *ours.checksum == *theirs.1
    };
    if applied.len() != MIGRATIONS.len() || !migrator.iter().zip(&applied).all(same) {
        let path = format!("SET search_path TO {schema}");
        connection.execute(AssertSqlSafe(path)).await.map_err(log_error)?;
        let migrated = migrator.run_direct(None, &mut connection, false).await;
        migrated.map_err(|error| migration_failed(&options.schema, error))?;
        connection.execute("RESET search_path").await.map_err(log_error)?;
    }
    Ok(connection)
}

/// Connects, with retries while the server is starting.
async fn connect(driver: &PgConnectOptions, limit: Duration) -> Result<PgConnection, LogError> {
    let deadline = Instant::now() + limit;
    let mut delay = Duration::from_millis(20);
    loop {
        let connecting = tokio::time::timeout_at(deadline, driver.connect()).await;
        let source = match connecting {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => match AttemptError::from_driver(error) {
                AttemptError::Permanent(error) => return Err(error),
                AttemptError::Transient(source) => source,
            },
            Err(_) => std::sync::Arc::new(crate::error::Timeout::Response(limit)),
        };
        if Instant::now() + delay >= deadline {
            return Err(LogError::Unavailable(source));
        }
        sleep(delay).await;
        delay = Duration::from_secs(1).min(delay * 2);
    }
}

fn log_error(error: sqlx::Error) -> LogError {
    match AttemptError::from_driver(error) {
        AttemptError::Permanent(error) => error,
        AttemptError::Transient(source) => LogError::Unavailable(source),
    }
}

async fn encoding(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    sqlx::query("SELECT current_setting('server_encoding')").fetch_one(connection).await?.try_get(0)
}

/// Returns the versions of the applied migrations and their checksums.
async fn applied(
    connection: &mut PgConnection,
    table: &str,
) -> Result<Vec<(i64, Vec<u8>)>, sqlx::Error> {
    let exists = sqlx::query("SELECT to_regclass($1) IS NOT NULL")
        .bind(table)
        .fetch_one(&mut *connection)
        .await?;
    if !exists.try_get::<bool, _>(0)? {
        return Ok(Vec::new());
    }
    let versions = format!("SELECT version, checksum FROM {table} WHERE success ORDER BY version");
    let rows = sqlx::query(AssertSqlSafe(versions)).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

fn migrator(schema: &str) -> Migrator {
    let migration = |(version, name, text): &(i64, &'static str, &'static str)| {
        let kind = MigrationType::Simple;
        Migration::new(*version, (*name).into(), kind, text.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect());
    migrator.dangerous_set_table_name(format!("{schema}.migrations"));
    migrator.create_schema(schema.to_owned());
    migrator
}
