//! Connections to the file.

use crate::{
    error::{Error, storage_error},
    files,
    options::{SqliteOptions, Synchronous},
    schema,
};
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};
use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// Number of WAL pages at which a commit runs a checkpoint itself. The writer thread usually does so
/// earlier, between two commits.
const AUTO_CHECKPOINT: u32 = 8000;

/// Number of bytes of the WAL that are kept for reuse.
const WAL_SIZE_LIMIT: u32 = 64 << 20;

/// Opens the file for writing. Creates it if it is missing.
pub(crate) fn writer(path: &Path, options: &SqliteOptions) -> Result<Connection, Error> {
    check_path(path)?;
    files::create(path);
    let connection = open(path, options)?;
    let current = schema::is_current(&connection, path)?;
    if connection.is_readonly(MAIN_DB)? {
        let detail = "this process has no write permission";
        return Err(storage_error(format_args!("`{}` is read-only", path.display()), detail).into());
    }
    // stored with the first page; SQLite ignores it for files that have one
    connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL")?;
    use_wal(&connection, path, options.busy_timeout)?;
    let synchronous = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    // on macOS, a plain fsync leaves the data in the cache of the drive
    connection.execute_batch(&format!(
        "PRAGMA synchronous = {synchronous}; PRAGMA fullfsync = 1; \
         PRAGMA secure_delete = ON; \
         PRAGMA wal_autocheckpoint = {AUTO_CHECKPOINT}; PRAGMA journal_size_limit = {WAL_SIZE_LIMIT}"
    ))?;
    if let Some(bytes) = options.max_bytes {
        let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        let pages = bytes / page.cast_unsigned().max(1);
        // SQLite counts pages in 32 bits
        let pages = pages.clamp(1, u64::from(u32::MAX - 1));
        connection.execute_batch(&format!("PRAGMA max_page_count = {pages}"))?;
    }
    if !current {
        schema::migrate(&connection, path)?;
    }
    Ok(connection)
}

/// Opens the file for reading.
pub(crate) fn reader(path: &Path, options: &SqliteOptions) -> Result<Connection, Error> {
    // not opened read-only, because the first reader after a crash has to recover the WAL
    let connection = open(path, options)?;
    connection.execute_batch("PRAGMA query_only = 1")?;
    Ok(connection)
}

/// Opens the file for checkpoints. They fail at once instead of waiting while they hold the write
/// lock.
pub(crate) fn checkpointer(path: &Path, options: &SqliteOptions) -> Result<Connection, Error> {
    let connection = reader(path, options)?;
    connection.busy_timeout(Duration::ZERO)?;
    Ok(connection)
}

fn open(path: &Path, options: &SqliteOptions) -> Result<Connection, Error> {
    // each connection is used by one thread at a time; a name that starts with `file:` is not a URI
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(options.busy_timeout)?;
    Ok(connection)
}

/// Returns an error with the reason if the path cannot be opened; SQLite reports none.
fn check_path(path: &Path) -> Result<(), Error> {
    let file = path.display();
    if path.is_dir() {
        return Err(
            storage_error(format_args!("`{file}` is a directory"), "expected a file").into()
        );
    }
    match path.parent() {
        Some(directory) if !directory.is_dir() => Err(storage_error(
            format_args!("the directory of `{file}` does not exist"),
            format_args!("no such directory: `{}`", directory.display()),
        )
        .into()),
        _ => Ok(()),
    }
}

/// Switches the file to WAL mode. SQLite does not wait for other processes here.
fn use_wal(connection: &Connection, path: &Path, timeout: Duration) -> Result<(), Error> {
    let start = Instant::now();
    loop {
        let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
        match mode.map(|mode: String| mode == "wal") {
            Ok(true) => return Ok(()),
            Ok(false) => {
                return Err(storage_error(
                    format_args!("`{}` cannot be switched to WAL mode", path.display()),
                    "the file system does not support shared memory",
                )
                .into());
            }
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && start.elapsed() < timeout =>
            {
                // SQLite does not call the busy handler for this statement
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => return Err(error.into()),
        }
    }
}
