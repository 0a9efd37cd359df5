//! The fixture files, and logs made from them.

use super::{
    diary::{SESSIONS, TREE},
    odds::ODDS,
};
use burdock::log::{Append, Claim, Entry, Log, MemoryLog, NewEntry, Offset, Record, SessionId};
use burdock_sqlite::SqliteLog;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

/// The folder of a format.
pub fn folder(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/log/v{format}"))
}

/// The entries of a session, one in a line.
pub fn lines(format: u32, session: &str) -> String {
    let path = folder(format).join(format!("{session}.jsonl"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The entries of a session in a log, in the form of a fixture.
pub async fn export(log: &dyn Log, session: &str) -> String {
    records(log, session).await.iter().flat_map(|record| [&record.json, "\n"]).collect()
}

/// Returns the names of the files of a format.
pub fn files(format: u32) -> Vec<&'static str> {
    let tree: &[&str] = if format >= 2 { &TREE } else { &[] };
    SESSIONS.iter().chain(tree).chain([&ODDS]).copied().collect()
}

pub async fn records(log: &dyn Log, session: &str) -> Vec<Record> {
    log.read(&SessionId::stored(session).unwrap(), Offset::ZERO, 10_000).await.unwrap()
}

/// Appends the lines of a fixture to a session.
pub async fn import(log: &dyn Log, session: &str, lines: &str) {
    let session = SessionId::new(session).unwrap();
    let new_entry = |line: &str| {
        // byte for byte as in the line
        let mut new_entry = NewEntry::new(&Entry::from_json(line).unwrap()).unwrap();
        new_entry.json = line.into();
        new_entry
    };
    let entries = lines.lines().map(new_entry).collect();
    let opened = log.open(&session, Claim::default()).await.unwrap();
    let (epoch, at) = (opened.epoch, opened.next);
    let append = Append::new(session.clone(), epoch, at, entries);
    log.append(append).await.unwrap();
    log.release(&session, epoch).await.unwrap();
}

/// The sessions of a format, in each log that has a fixture.
pub struct Logs {
    pub memory: Arc<dyn Log>,
    pub sqlite: Arc<dyn Log>,
    _folder: TempDir,
}

impl Logs {
    pub async fn of(format: u32) -> Self {
        let memory = MemoryLog::new();
        for session in SESSIONS {
            import(&memory, session, &lines(format, session)).await;
        }
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join("sessions.db");
        fs::copy(folder(format).join("sessions.db"), &path).unwrap();
        let sqlite = SqliteLog::open(path).await.unwrap();
        Self { memory: Arc::new(memory), sqlite: Arc::new(sqlite), _folder: copy }
    }
}
