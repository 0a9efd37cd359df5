//! Damaged files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

use burdock::log::{Log, LogError, Offset, Record};
use burdock_sqlite::SqliteLog;
use common::{Random, Writer, id, new_entry, open, read, snapshot};
use futures::executor::block_on;
use rusqlite::Connection;
use std::{fs, path::Path};
use tempfile::tempdir;

/// A log with a session of ten entries that was changed by a script.
fn changed(sql: &str) -> (tempfile::TempDir, SqliteLog) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    let mut anna = Writer::open(&log, "anna").unwrap();
    anna.append((0..5).map(|number| snapshot(&number.to_string())).collect()).unwrap();
    let mut anna = Writer::open(&log, "anna").unwrap();
    anna.append((5..10).map(|number| new_entry(&number.to_string())).collect()).unwrap();
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
        Ok(_) => panic!("the damage was not detected"),
    }
}

#[test]
fn changed_entries_are_reported_and_earlier_entries_are_readable() {
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
        assert!(reason == "checksum mismatch" || column.contains("BLOB"), "{reason}");
        assert_eq!(block_on(log.read(&id("anna"), Offset(8), 100)).unwrap().len(), 2);
    }
}

#[test]
fn moved_entries_are_reported() {
    let (_folder, log) = changed(
        "UPDATE entries SET place = -1 WHERE OFFSET = 3;
         UPDATE entries SET place = place - 1 WHERE OFFSET = 4;",
    );
    let (offset, reason) = damage(block_on(log.read(&id("anna"), Offset(3), 100)));
    assert_eq!((offset, &*reason), (3, "checksum mismatch"));
}

#[test]
fn gaps_are_reported() {
    let (_folder, log) = changed("DELETE FROM entries WHERE OFFSET IN (0, 4, 5)");
    for (from, gap) in [(0, 0), (4, 4), (5, 5)] {
        let (offset, reason) = damage(block_on(log.read(&id("anna"), Offset(from), 100)));
        assert_eq!((offset, &*reason), (gap, "the entry is missing"));
    }
    assert_eq!(block_on(log.read(&id("anna"), Offset(1), 100)).unwrap().len(), 3);
}

#[test]
fn missing_last_entries_are_reported_when_the_session_is_opened() {
    let (_folder, log) = changed("DELETE FROM entries WHERE OFFSET >= 3");
    let (offset, reason) = damage(Writer::open(&log, "anna").map(drop));
    assert_eq!((offset, &*reason), (3, "the entries before offset 5 are missing"));
}

#[test]
fn session_without_its_entries_is_reported_and_can_be_deleted() {
    let (_folder, log) = changed("DELETE FROM entries");
    let missing = (0, "the entries of the session are missing".to_owned());
    assert_eq!(damage(read(&log, "anna")), missing);
    assert_eq!(damage(Writer::open(&log, "anna").map(drop)), missing);
    block_on(log.delete(&id("anna"))).unwrap();
    Writer::open(&log, "anna").unwrap().append(vec![snapshot("new")]).unwrap();
    assert_eq!(read(&log, "anna").unwrap().len(), 1);
}

/// Writes several sessions to a file, closes it, and returns its content.
fn write_closed(path: &Path) -> Vec<(String, Vec<Record>)> {
    let log = open(path);
    let mut random = Random(7);
    for session in ["anna", "bert", "cleo"] {
        let mut writer = Writer::open(&log, session).unwrap();
        for number in 0..40 {
            let length = usize::try_from(random.below(400)).unwrap();
            let text = format!("{session} {number} {}", "x".repeat(length));
            writer.append(vec![snapshot(&text), new_entry(&text)]).unwrap();
        }
        writer.append(vec![new_entry(&"y".repeat(20_000))]).unwrap();
    }
    let read = |session: &str| (session.to_owned(), read(&log, session).unwrap());
    ["anna", "bert", "cleo"].map(read).to_vec()
}

/// Checks that entries are either unreadable or unchanged. Returns the number of readable entries.
fn count_readable(path: &Path, content: &[(String, Vec<Record>)]) -> usize {
    let Ok(log) = block_on(SqliteLog::open(path)) else { return 0 };
    let mut readable = 0;
    for (session, written) in content {
        for (from, written) in (0..).zip(written) {
            if let Ok(page) = block_on(log.read(&id(session), Offset(from), 1))
                && let [record] = &page[..]
            {
                assert!(record == written, "{session} {from}: {record:?}");
                readable += 1;
            }
        }
    }
    readable
}

#[test]
fn truncated_files_are_rejected_by_name() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let content = write_closed(&path);
    let bytes = fs::read(&path).unwrap();
    // SQLite treats a file of one byte as empty
    for length in [2, 99, 100, 512, 4095, 4096, 5000, bytes.len() / 2, bytes.len() - 4096] {
        fs::write(&path, &bytes[..length]).unwrap();
        match block_on(SqliteLog::open(&path)) {
            Err(LogError::Storage { reason, .. }) => {
                assert!(reason.contains(&path.display().to_string()), "{reason}");
            }
            Err(error) => panic!("{length}: {error:?}"),
            Ok(_) => panic!("a file with {length} of {} bytes was opened", bytes.len()),
        }
    }
    // SQLite fills a partial page with zeros
    for lost in (1..4096).step_by(100) {
        fs::write(&path, &bytes[..bytes.len() - lost]).unwrap();
        count_readable(&path, &content);
    }
    fs::write(&path, &bytes).unwrap();
    assert_eq!(count_readable(&path, &content), 243);
}

#[test]
fn flipped_bits_never_change_what_is_read() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let content = write_closed(&path);
    let bytes = fs::read(&path).unwrap();
    let mut random = Random(11);
    let mut least = usize::MAX;
    for _ in 0..200 {
        let mut changed = bytes.clone();
        let at = usize::try_from(random.below(bytes.len() as u64)).unwrap();
        changed[at] ^= 1 << random.below(8);
        fs::write(&path, changed).unwrap();
        least = least.min(count_readable(&path, &content));
    }
    assert!(least < 243, "no change caused damage");
}

#[test]
fn zeroed_pages_never_change_what_is_read() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let content = write_closed(&path);
    let bytes = fs::read(&path).unwrap();
    for page in 0..bytes.len() / 4096 {
        let mut changed = bytes.clone();
        changed[page * 4096..(page + 1) * 4096].fill(0);
        fs::write(&path, changed).unwrap();
        assert!(count_readable(&path, &content) < 243 || page > 0, "{page}");
    }
}
