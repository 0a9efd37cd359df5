//! Files of sessions, and hand-written code that fills them.

use burdock_sqlite::{SqliteLog, Synchronous};
use futures::executor::block_on;
use rusqlite::{Connection, params};
use std::path::PathBuf;
use tempfile::TempDir;

/// A temporary folder with one file of sessions.
pub struct File {
    folder: TempDir,
    pub synchronous: Synchronous,
}

impl File {
    pub fn new(synchronous: Synchronous) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), synchronous }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("sessions.db")
    }

    pub fn open(&self) -> SqliteLog {
        block_on(SqliteLog::options().synchronous(self.synchronous).open(self.path())).unwrap()
    }

    /// Opens a connection to a file with the tables of a log, which checkpoints the WAL whenever it has `checkpoint`
    /// pages. `SQLite` does so at 1 000 pages by default, on the thread of the commit that reaches that size; a log
    /// does so about as often, on a separate thread.
    pub fn bare(&self, checkpoint: u32) -> Connection {
        block_on(self.open().close());
        let connection = Connection::open(self.path()).unwrap();
        let synchronous = match self.synchronous {
            Synchronous::Full => "FULL",
            Synchronous::Normal => "NORMAL",
        };
        connection
            .execute_batch(&format!(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; \
                 PRAGMA wal_autocheckpoint = {checkpoint}; PRAGMA journal_size_limit = 67108864"
            ))
            .unwrap();
        connection
    }
}

/// A row of the table of entries.
#[derive(Clone)]
pub struct Row {
    place: i64,
    epoch: i64,
    kind: String,
    snapshot: bool,
    wall: i64,
    stored: i64,
    checksum: i64,
    json: String,
}

/// Returns the rows of a file, grouped by step: the entry of its start, that of its commit and the entries after
/// it.
pub fn transactions(connection: &Connection) -> Vec<Vec<Row>> {
    let mut statement = connection.prepare("SELECT * FROM entries ORDER BY place").unwrap();
    let rows = statement.query_map([], |row| {
        Ok(Row {
            place: row.get(0)?,
            epoch: row.get(1)?,
            kind: row.get(2)?,
            snapshot: row.get(3)?,
            wall: row.get(4)?,
            stored: row.get(5)?,
            checksum: row.get(6)?,
            json: row.get(7)?,
        })
    });
    let mut transactions: Vec<Vec<Row>> = Vec::new();
    for row in rows.unwrap().map(Result::unwrap) {
        match transactions.last_mut() {
            Some(step) if row.kind != "step_started" => step.push(row),
            None if row.kind != "step_started" => {}
            _ => transactions.push(vec![row]),
        }
    }
    transactions
}

/// Writes rows in a transaction.
pub fn write(connection: &Connection, rows: &[Row]) {
    let execute = |sql| connection.prepare_cached(sql).unwrap().execute([]).unwrap();
    execute("BEGIN IMMEDIATE");
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO entries (place, epoch, kind, snapshot, wall, stored, checksum, json) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .unwrap();
    for Row { place, epoch, kind, snapshot, wall, stored, checksum, json } in rows {
        let row = params![place, epoch, kind, snapshot, wall, stored, checksum, json];
        insert.execute(row).unwrap();
    }
    execute("COMMIT");
}
