//! Connections to the file.

use crate::{
    fault::{Fault, refused},
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

/// How many pages the WAL may have before a commit itself copies them into the file. The writer
/// does so earlier, between two commits.
const LATE_CHECKPOINT: u32 = 8000;

/// How many bytes of the WAL are kept for reuse.
const WAL_KEPT: u32 = 64 << 20;

/// Opens the file for the writer; makes it if it is missing.
pub(crate) fn writer(path: &Path, options: &SqliteOptions) -> Result<Connection, Fault> {
    place(path)?;
    files::create(path);
    let connection = open(path, options)?;
    let current = schema::is_current(&connection, path)?;
    if connection.is_readonly(MAIN_DB)? {
        let detail = "this process may not write to it";
        return Err(refused(format_args!("`{}` is read-only", path.display()), detail).into());
    }
    // it is written with the first page, and SQLite ignores it in a file that has one
    connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL")?;
    use_wal(&connection, path, options.busy_timeout)?;
    let synchronous = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    // on macOS, a plain fsync leaves the bytes in the cache of the drive
    connection.execute_batch(&format!(
        "PRAGMA synchronous = {synchronous}; PRAGMA fullfsync = 1; \
         PRAGMA secure_delete = ON; \
         PRAGMA wal_autocheckpoint = {LATE_CHECKPOINT}; PRAGMA journal_size_limit = {WAL_KEPT}"
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
pub(crate) fn reader(path: &Path, options: &SqliteOptions) -> Result<Connection, Fault> {
    // not read-only for SQLite: whoever reads first after a crash has to recover the WAL
    let connection = open(path, options)?;
    connection.execute_batch("PRAGMA query_only = 1")?;
    Ok(connection)
}

/// Opens the file for checkpoints, which give up at once where they would wait with the writer's lock.
pub(crate) fn checkpointer(path: &Path, options: &SqliteOptions) -> Result<Connection, Fault> {
    let connection = reader(path, options)?;
    connection.busy_timeout(Duration::ZERO)?;
    Ok(connection)
}

fn open(path: &Path, options: &SqliteOptions) -> Result<Connection, Fault> {
    // each connection stays on one thread, and a name that begins with `file:` is just a name
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(options.busy_timeout)?;
    Ok(connection)
}

/// SQLite says no more than that it cannot open a file.
fn place(path: &Path) -> Result<(), Fault> {
    let file = path.display();
    if path.is_dir() {
        return Err(refused(format_args!("`{file}` is a folder"), "a file is needed").into());
    }
    match path.parent() {
        Some(folder) if !folder.is_dir() => Err(refused(
            format_args!("the folder of `{file}` does not exist"),
            format_args!("there is no folder `{}`", folder.display()),
        )
        .into()),
        _ => Ok(()),
    }
}

/// The change into WAL mode does not wait for other processes by itself.
fn use_wal(connection: &Connection, path: &Path, timeout: Duration) -> Result<(), Fault> {
    let start = Instant::now();
    loop {
        let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
        match mode.map(|mode: String| mode == "wal") {
            Ok(true) => return Ok(()),
            Ok(false) => {
                return Err(refused(
                    format_args!("`{}` cannot have a write-ahead log", path.display()),
                    "the file system does not share memory between processes",
                )
                .into());
            }
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && start.elapsed() < timeout =>
            {
                // SQLite does not call its busy handler while the journal mode changes
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => return Err(error.into()),
        }
    }
}
