//! Schema of the file: creation, migration, detection of other files.

use crate::error::{Error, storage_error};
use rusqlite::Connection;
use std::path::Path;

/// The application id in the header of the file, "burd", which identifies a log.
const APPLICATION: i64 = 0x6275_7264;

/// The migrations, in order. The version of a file is the number of migrations that were applied.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql"), include_str!("graphs.sql")];

/// The schema that a file has.
#[derive(PartialEq)]
enum Found {
    Empty,
    Version(usize),
}

/// Returns whether the schema is up to date.
///
/// Returns an error, without changing the file, if it is not a log or has a newer schema.
pub(crate) fn is_current(connection: &Connection, path: &Path) -> Result<bool, Error> {
    // one transaction, for a consistent view while another process migrates
    let found = in_transaction(connection, "BEGIN", |connection| found(connection, path))?;
    Ok(found == Found::Version(MIGRATIONS.len()))
}

/// Creates or migrates the schema, once even if several processes open the file.
pub(crate) fn migrate(connection: &Connection, path: &Path) -> Result<(), Error> {
    in_transaction(connection, "BEGIN IMMEDIATE", |connection| {
        let version = match found(connection, path)? {
            Found::Empty => 0,
            Found::Version(version) => version,
        };
        for script in MIGRATIONS.iter().skip(version) {
            connection.execute_batch(script)?;
        }
        connection.pragma_update(None, "application_id", APPLICATION)?;
        connection.pragma_update(None, "user_version", MIGRATIONS.len().cast_signed())?;
        Ok(())
    })
}

fn in_transaction<T>(
    connection: &Connection,
    start: &str,
    work: impl FnOnce(&Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    connection.execute_batch(start)?;
    let result = work(connection).and_then(|value| {
        connection.execute_batch("COMMIT")?;
        Ok(value)
    });
    if !connection.is_autocommit() {
        // the original error is reported
        let _ = connection.execute_batch("ROLLBACK");
    }
    result
}

fn found(connection: &Connection, path: &Path) -> Result<Found, Error> {
    let pragma = |name| connection.query_row(name, [], |row| row.get::<_, i64>(0));
    let (application, version) = (pragma("PRAGMA application_id")?, pragma("PRAGMA user_version")?);
    let file = path.display();
    match (application, usize::try_from(version)) {
        (APPLICATION, Ok(version)) if version <= MIGRATIONS.len() => Ok(Found::Version(version)),
        (APPLICATION, _) => Err(storage_error(
            format_args!("`{file}` was written by a newer version of burdock: update burdock to open it"),
            format_args!(
                "the file has schema version {version}, but this program supports versions up to {}",
                MIGRATIONS.len()
            ),
        )
        .into()),
        (0, Ok(0)) if pragma("SELECT count(*) FROM sqlite_schema")? == 0 => Ok(Found::Empty),
        _ => Err(storage_error(
            format_args!("`{file}` is a database of another program"),
            format_args!("its application id is {application}; that of a burdock log is {APPLICATION}"),
        )
        .into()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn released_migrations_are_unchanged() {
        let hashes: Vec<_> =
            MIGRATIONS.iter().map(|script| crc32fast::hash(script.as_bytes())).collect();
        assert_eq!(hashes, [0x1c4b_832c, 0xc8d8_c92c]);
    }
}
