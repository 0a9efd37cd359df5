//! A file, and the commits that it must hold according to the output of processes.

use super::{child::SESSION, process::Output};
use burdock::log::{Cursor, EntryKind, Log, Offset, RawSessionView, Record, SessionId};
use burdock_sqlite::SqliteLog;
use futures::executor::block_on;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};
use tempfile::TempDir;

/// A log file in a temporary folder.
pub struct File {
    pub path: PathBuf,
    _folder: TempDir,
}

impl File {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { path: folder.path().join("tale.db"), _folder: folder }
    }

    /// Opens the file in this process.
    pub fn log(&self) -> Arc<dyn Log> {
        Arc::new(block_on(SqliteLog::open(&self.path)).unwrap())
    }
}

pub fn id() -> SessionId {
    SessionId::new(SESSION).unwrap()
}

/// Every entry of the session. Asserts that offsets have no gaps and epochs do not decrease.
pub fn records(log: &Arc<dyn Log>) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let from = Offset(records.len() as u64);
        let page = block_on(log.read(&id(), from, 10_000)).unwrap();
        if page.is_empty() {
            break;
        }
        records.extend(page);
    }
    for (record, offset) in records.iter().zip(0..) {
        assert_eq!(record.offset, Offset(offset), "there is no gap");
    }
    assert!(
        records.is_sorted_by_key(|record| record.epoch),
        "no entry follows one of a later epoch"
    );
    records
}

/// The lines of the tale after the last entry of the log.
pub fn lines(log: &Arc<dyn Log>) -> Vec<String> {
    let next = block_on(log.info(&id())).unwrap().next;
    let view = block_on(RawSessionView::at(log, &id(), Offset(next.0 - 1))).unwrap();
    serde_json::from_value(view.snapshot.state["lines"].clone()).unwrap()
}

pub fn kind(record: &Record) -> EntryKind {
    record.entry(&id()).unwrap().kind
}

/// The steps that processes reported as committed.
#[derive(Default)]
pub struct Witness(BTreeMap<u64, Cursor>);

impl Witness {
    pub fn record(&mut self, output: &[Output]) {
        for line in output {
            if let Output::Committed(cursor, step) = line {
                let earlier = self.0.insert(*step, *cursor);
                assert_eq!(earlier, None, "step {step} was committed twice");
            }
        }
    }

    /// Asserts that the log has exactly these commits, in order.
    pub fn assert_agrees_with(&self, log: &Arc<dyn Log>) {
        let committed = records(log).into_iter().filter_map(|record| match kind(&record) {
            EntryKind::StepCommitted { step, .. } => Some((step, record.cursor())),
            _ => None,
        });
        let committed: Vec<_> = committed.collect();
        assert!(committed.iter().map(|(step, _)| *step).eq(0..committed.len() as u64));
        assert_eq!(committed, self.0.clone().into_iter().collect::<Vec<_>>());
    }
}

/// Knuth's linear congruential generator.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}
