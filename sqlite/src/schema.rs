//! What a file contains: how a new one is made, an old one brought up to date, another refused.

use crate::fault::{Fault, refused};
use rusqlite::Connection;
use std::path::Path;

/// "burd" in the header of the file, so that other databases are not taken for a log.
const APPLICATION: i64 = 0x6275_7264;

/// The scripts that lead from each version, which is the number of scripts that ran, to the next.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql"), include_str!("graphs.sql")];

/// What the header of a file says.
#[derive(PartialEq)]
enum Found {
    Empty,
    Version(usize),
}

/// Refuses a file that is no log, or a newer one, without touching it; tells whether it is up to
/// date.
pub(crate) fn is_current(connection: &Connection, path: &Path) -> Result<bool, Fault> {
    // one transaction, so that what another process writes meanwhile is seen as a whole
    let found = in_transaction(connection, "BEGIN", |connection| found(connection, path))?;
    Ok(found == Found::Version(MIGRATIONS.len()))
}

/// Makes or updates what the file contains, once for all processes that open it.
pub(crate) fn migrate(connection: &Connection, path: &Path) -> Result<(), Fault> {
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
    begin: &str,
    work: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    connection.execute_batch(begin)?;
    let result = work(connection).and_then(|value| {
        connection.execute_batch("COMMIT")?;
        Ok(value)
    });
    if !connection.is_autocommit() {
        // what went wrong is told already
        let _ = connection.execute_batch("ROLLBACK");
    }
    result
}

fn found(connection: &Connection, path: &Path) -> Result<Found, Fault> {
    let pragma = |name| connection.query_row(name, [], |row| row.get::<_, i64>(0));
    let (application, version) = (pragma("PRAGMA application_id")?, pragma("PRAGMA user_version")?);
    let file = path.display();
    match (application, usize::try_from(version)) {
        (APPLICATION, Ok(version)) if version <= MIGRATIONS.len() => Ok(Found::Version(version)),
        (APPLICATION, _) => Err(refused(
            format_args!("a newer burdock wrote `{file}`: update burdock to open it"),
            format_args!(
                "its schema has version {version}, and this program knows versions up to {}",
                MIGRATIONS.len()
            ),
        )
        .into()),
        (0, Ok(0)) if pragma("SELECT count(*) FROM sqlite_schema")? == 0 => Ok(Found::Empty),
        _ => Err(refused(
            format_args!("`{file}` is the database of another program"),
            format_args!("its application id is {application}, and that of a log {APPLICATION}"),
        )
        .into()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_are_as_they_were_released() {
        let hashes: Vec<_> =
            MIGRATIONS.iter().map(|script| crc32fast::hash(script.as_bytes())).collect();
        assert_eq!(hashes, [0x1c4b_832c, 0xc8d8_c92c]);
    }
}
