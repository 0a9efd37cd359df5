//! What is stored is not what was written.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

use burdock::log::{Log, LogError, Offset, Record};
use burdock_sqlite::SqliteLog;
use common::{Random, Writer, draft, id, open, read, snapshot};
use futures::executor::block_on;
use rusqlite::Connection;
use std::{fs, path::Path};
use tempfile::tempdir;

/// A log with a session of ten entries, changed behind its back.
fn changed(sql: &str) -> (tempfile::TempDir, SqliteLog) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    let mut anna = Writer::open(&log, "anna").unwrap();
    anna.append((0..5).map(|number| snapshot(&number.to_string())).collect()).unwrap();
    let mut anna = Writer::open(&log, "anna").unwrap();
    anna.append((5..10).map(|number| draft(&number.to_string())).collect()).unwrap();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(&sql.replace("OFFSET", "(place & ((1 << 35) - 1))")).unwrap();
    (folder, log)
}

fn damage<T>(result: Result<T, LogError>) -> (u64, String) {
    match result {
        Err(LogError::Damaged { session, offset, reason }) => {
            assert_eq!(session, id("anna"));
            (offset.0, reason)
        }
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was read"),
    }
}

#[test]
fn a_changed_entry_is_reported_and_those_before_it_are_read() {
    for column in [
        "json = '\"x\"'",
        "json = CAST(json AS BLOB)",
        "kind = 'other'",
        "epoch = epoch + 1",
        "wall = wall + 1",
        "stored = stored + 1",
        "snapshot = 1 - snapshot",
        "checksum = checksum + 1",
    ] {
        let (_folder, log) = changed(&format!("UPDATE entries SET {column} WHERE OFFSET = 7"));
        let before = block_on(log.read(&id("anna"), Offset(3), 100)).unwrap();
        assert_eq!(before.len(), 4, "{column}");
        let (offset, reason) = damage(block_on(log.read(&id("anna"), Offset(7), 100)));
        assert_eq!(offset, 7, "{column}");
        assert!(reason == "its checksum does not fit" || column.contains("BLOB"), "{reason}");
        assert_eq!(block_on(log.read(&id("anna"), Offset(8), 100)).unwrap().len(), 2);
    }
}

#[test]
fn an_entry_at_another_place_is_reported() {
    let (_folder, log) = changed(
        "UPDATE entries SET place = -1 WHERE OFFSET = 3;
         UPDATE entries SET place = place - 1 WHERE OFFSET = 4;",
    );
    let (offset, reason) = damage(block_on(log.read(&id("anna"), Offset(3), 100)));
    assert_eq!((offset, &*reason), (3, "its checksum does not fit"));
}

#[test]
fn a_gap_is_reported() {
    let (_folder, log) = changed("DELETE FROM entries WHERE OFFSET IN (0, 4, 5)");
    for (from, gap) in [(0, 0), (4, 4), (5, 5)] {
        let (offset, reason) = damage(block_on(log.read(&id("anna"), Offset(from), 100)));
        assert_eq!((offset, &*reason), (gap, "it is missing"));
    }
    assert_eq!(block_on(log.read(&id("anna"), Offset(1), 100)).unwrap().len(), 3);
}

#[test]
fn a_lost_end_is_reported_when_the_session_is_opened() {
    let (_folder, log) = changed("DELETE FROM entries WHERE OFFSET >= 3");
    let (offset, reason) = damage(Writer::open(&log, "anna").map(drop));
    assert_eq!((offset, &*reason), (3, "the entries up to 5 are missing"));
}

#[test]
fn a_session_that_lost_all_entries_is_reported_and_can_be_deleted() {
    let (_folder, log) = changed("DELETE FROM entries");
    let missing = (0, "its entries are missing".to_owned());
    assert_eq!(damage(read(&log, "anna")), missing);
    assert_eq!(damage(Writer::open(&log, "anna").map(drop)), missing);
    block_on(log.delete(&id("anna"))).unwrap();
    Writer::open(&log, "anna").unwrap().append(vec![snapshot("new")]).unwrap();
    assert_eq!(read(&log, "anna").unwrap().len(), 1);
}

/// A file of several sessions, closed, and what is in it.
fn closed(path: &Path) -> Vec<(String, Vec<Record>)> {
    let log = open(path);
    let mut random = Random(7);
    for session in ["anna", "bert", "cleo"] {
        let mut writer = Writer::open(&log, session).unwrap();
        for number in 0..40 {
            let length = usize::try_from(random.below(400)).unwrap();
            let text = format!("{session} {number} {}", "x".repeat(length));
            writer.append(vec![snapshot(&text), draft(&text)]).unwrap();
        }
        writer.append(vec![draft(&"y".repeat(20_000))]).unwrap();
    }
    let read = |session: &str| (session.to_owned(), read(&log, session).unwrap());
    ["anna", "bert", "cleo"].map(read).to_vec()
}

/// Whatever is read is what was written; how many entries that were.
fn read_what_is_left(path: &Path, content: &[(String, Vec<Record>)]) -> usize {
    let Ok(log) = block_on(SqliteLog::open(path)) else { return 0 };
    let mut whole = 0;
    for (session, written) in content {
        for (from, written) in (0..).zip(written) {
            if let Ok(page) = block_on(log.read(&id(session), Offset(from), 1))
                && let [record] = &page[..]
            {
                assert!(record == written, "{session} {from}: {record:?}");
                whole += 1;
            }
        }
    }
    whole
}

#[test]
fn a_truncated_file_is_refused_by_its_name() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let content = closed(&path);
    let bytes = fs::read(&path).unwrap();
    // SQLite takes a file of one byte for an empty one
    for length in [2, 99, 100, 512, 4095, 4096, 5000, bytes.len() / 2, bytes.len() - 4096] {
        fs::write(&path, &bytes[..length]).unwrap();
        match block_on(SqliteLog::open(&path)) {
            Err(LogError::Storage { reason, .. }) => {
                assert!(reason.contains(&path.display().to_string()), "{reason}");
            }
            Err(error) => panic!("{length}: {error:?}"),
            Ok(_) => panic!("{length} of {} bytes were opened", bytes.len()),
        }
    }
    // of a part of a page, SQLite takes the rest for zeros
    for lost in (1..4096).step_by(100) {
        fs::write(&path, &bytes[..bytes.len() - lost]).unwrap();
        read_what_is_left(&path, &content);
    }
    fs::write(&path, &bytes).unwrap();
    assert_eq!(read_what_is_left(&path, &content), 243);
}

#[test]
fn whatever_byte_changes_nothing_is_read_that_was_not_written() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let content = closed(&path);
    let bytes = fs::read(&path).unwrap();
    let mut random = Random(11);
    let mut least = usize::MAX;
    for _ in 0..200 {
        let mut changed = bytes.clone();
        let at = usize::try_from(random.below(bytes.len() as u64)).unwrap();
        changed[at] ^= 1 << random.below(8);
        fs::write(&path, changed).unwrap();
        least = least.min(read_what_is_left(&path, &content));
    }
    assert!(least < 243, "some change did harm");
}

#[test]
fn whatever_page_is_lost_nothing_is_read_that_was_not_written() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let content = closed(&path);
    let bytes = fs::read(&path).unwrap();
    for page in 0..bytes.len() / 4096 {
        let mut changed = bytes.clone();
        changed[page * 4096..(page + 1) * 4096].fill(0);
        fs::write(&path, changed).unwrap();
        assert!(read_what_is_left(&path, &content) < 243 || page > 0, "{page}");
    }
}
