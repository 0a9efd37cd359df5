//! The tables of a log, and their versions.

use crate::{
    ConnectError, Options,
    error::{Fault, of_migration},
};
use burdock::log::LogError;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Executor as _, PgConnection, Row as _, SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
    postgres::PgConnectOptions,
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Version, name and text of each migration. What was published is not changed any more.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "log", include_str!("../migrations/0001_log.sql")),
    (2, "graphs", include_str!("../migrations/0002_graphs.sql")),
];

/// Makes the schema or brings it up to date, and returns the connection that it used.
pub(crate) async fn prepare(
    options: &Options,
    driver: &PgConnectOptions,
    schema: &str,
) -> Result<PgConnection, ConnectError> {
    let mut connection = reach(driver, options.patience).await?;
    let encoding = encoding(&mut connection).await.map_err(refused)?;
    if encoding != "UTF8" {
        return Err(ConnectError::Encoding { encoding });
    }
    let migrator = migrator(schema);
    let applied = applied(&mut connection, &migrator.table_name).await.map_err(refused)?;
    let known = MIGRATIONS.last().map_or(0, |(version, ..)| *version);
    if let Some((found, _)) = applied.last().filter(|(found, _)| *found > known) {
        let schema = options.schema.clone();
        return Err(ConnectError::NewerSchema { schema, found: *found, known });
    }
    // who may only use the tables can do so when there is nothing to be done to them
    let same = |(ours, theirs): (&Migration, &(i64, Vec<u8>))| {
        ours.version == theirs.0 && *ours.checksum == *theirs.1
    };
    if applied.len() != MIGRATIONS.len() || !migrator.iter().zip(&applied).all(same) {
        let path = format!("SET search_path TO {schema}");
        connection.execute(AssertSqlSafe(path)).await.map_err(refused)?;
        let migrated = migrator.run_direct(None, &mut connection, false).await;
        migrated.map_err(|error| of_migration(&options.schema, error))?;
        connection.execute("RESET search_path").await.map_err(refused)?;
    }
    Ok(connection)
}

/// Connects, also to a server that is just starting.
async fn reach(driver: &PgConnectOptions, patience: Duration) -> Result<PgConnection, LogError> {
    let deadline = Instant::now() + patience;
    let mut pause = Duration::from_millis(20);
    loop {
        let connecting = tokio::time::timeout_at(deadline, driver.connect()).await;
        let source = match connecting {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => match Fault::of(error) {
                Fault::Lasting(error) => return Err(error),
                Fault::Passing(source) => source,
            },
            Err(_) => std::sync::Arc::new(crate::error::NoAnswer::Silent(patience)),
        };
        if Instant::now() + pause >= deadline {
            return Err(LogError::Unavailable(source));
        }
        sleep(pause).await;
        pause = Duration::from_secs(1).min(pause * 2);
    }
}

fn refused(error: sqlx::Error) -> LogError {
    match Fault::of(error) {
        Fault::Lasting(error) => error,
        Fault::Passing(source) => LogError::Unavailable(source),
    }
}

async fn encoding(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    sqlx::query("SELECT current_setting('server_encoding')").fetch_one(connection).await?.try_get(0)
}

/// The versions that the database has, and the checksums of their texts.
async fn applied(
    connection: &mut PgConnection,
    table: &str,
) -> Result<Vec<(i64, Vec<u8>)>, sqlx::Error> {
    let there = sqlx::query("SELECT to_regclass($1) IS NOT NULL")
        .bind(table)
        .fetch_one(&mut *connection)
        .await?;
    if !there.try_get::<bool, _>(0)? {
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
