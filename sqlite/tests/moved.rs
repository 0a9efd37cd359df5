//! Files that are removed, moved or replaced while open.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

use burdock::log::{Log as _, LogError, Offset, SessionFilter, Urgency};
use burdock_sqlite::{SqliteLog, Synchronous};
use common::{Writer, id, new_entry, open, report, snapshot, texts};
use futures::executor::block_on;
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};
use tempfile::tempdir;

fn beside(path: &Path, suffix: &str) -> PathBuf {
    format!("{}{suffix}", path.display()).into()
}

fn remove_all(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(beside(path, suffix)).unwrap();
    }
}

/// Changes the files of a log.
type Fault = fn(&Path);

/// Changes to the files of a log.
const FAULTS: &[(&str, Fault)] = &[
    ("the directory is renamed", |path| {
        let folder = path.parent().unwrap();
        fs::rename(folder, folder.with_extension("old")).unwrap();
    }),
    ("the directory is removed", |path| fs::remove_dir_all(path.parent().unwrap()).unwrap()),
    ("the directory is renamed and recreated", |path| {
        let folder = path.parent().unwrap();
        fs::rename(folder, folder.with_extension("old")).unwrap();
        fs::create_dir(folder).unwrap();
    }),
    ("the database is removed", |path| fs::remove_file(path).unwrap()),
    ("all files are removed", remove_all),
    ("the database is renamed", |path| fs::rename(path, path.with_extension("old")).unwrap()),
    ("the database is replaced by a copy", |path| {
        let copy = path.with_extension("copy");
        fs::copy(path, &copy).unwrap();
        fs::rename(&copy, path).unwrap();
    }),
    ("the database is removed and recreated", |path| {
        fs::remove_file(path).unwrap();
        fs::write(path, "").unwrap();
    }),
    ("all files are removed and another log is created", |path| {
        remove_all(path);
        drop(open(path));
    }),
    ("the write-ahead log is removed", |path| fs::remove_file(beside(path, "-wal")).unwrap()),
    ("the write-ahead log is removed and recreated", |path| {
        fs::remove_file(beside(path, "-wal")).unwrap();
        fs::write(beside(path, "-wal"), "").unwrap();
    }),
];

#[track_caller]
fn ensure_moved<T>(result: Result<T, LogError>, path: &Path, what: &str) {
    match result {
        Err(error @ LogError::Storage { .. }) => {
            let error = report(&error);
            let moved =
                format!("`{}` was removed, moved or replaced while it was open", path.display());
            assert!(error.contains(&moved), "{what}: {error}");
        }
        Err(error) => panic!("{what}: {error:?}"),
        Ok(_) => panic!("{what}: the operation succeeded"),
    }
}

#[test]
fn operations_fail_after_the_files_are_changed() {
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        for (what, fault) in FAULTS {
            let folder = tempdir().unwrap();
            let path = folder.path().join("data/chat.db");
            fs::create_dir(path.parent().unwrap()).unwrap();
            let log = block_on(SqliteLog::options().synchronous(synchronous).open(&path)).unwrap();
            let mut anna = Writer::open(&log, "anna").unwrap();
            anna.append(vec![snapshot("0"), new_entry("1")]).unwrap();
            let waiting = log.reached(&id("anna"), Offset(2));
            fault(&path);
            ensure_moved(anna.append(vec![new_entry("2")]), &path, what);
            let sent = anna.send(vec![new_entry("2")], Urgency::Whenever);
            ensure_moved(block_on(sent), &path, what);
            ensure_moved(Writer::open(&log, "other").map(|_| ()), &path, what);
            ensure_moved(block_on(log.delete(&id("anna"))), &path, what);
            ensure_moved(block_on(log.read(&id("anna"), Offset(0), 9)), &path, what);
            ensure_moved(block_on(log.info(&id("anna"))), &path, what);
            ensure_moved(block_on(log.sessions(SessionFilter::default())), &path, what);
            // waiting readers are woken and receive the error from their next read
            block_on(waiting).unwrap();
        }
    }
}

#[test]
fn log_recovers_when_files_are_moved_back() {
    let folder = tempdir().unwrap();
    let (data, old) = (folder.path().join("data"), folder.path().join("old"));
    fs::create_dir(&data).unwrap();
    let path = data.join("chat.db");
    let log = open(&path);
    let mut anna = Writer::open(&log, "anna").unwrap();
    anna.append(vec![snapshot("0")]).unwrap();
    fs::rename(&data, &old).unwrap();
    ensure_moved(anna.append(vec![new_entry("1")]), &path, "renamed");
    fs::rename(&old, &data).unwrap();
    anna.append(vec![new_entry("1")]).unwrap();
    assert_eq!(texts(&log, "anna"), ["0", "1"]);
    drop((anna, log));
    assert_eq!(texts(&open(&path), "anna"), ["0", "1"]);
}

#[test]
fn link_to_another_file_is_detected() {
    let folder = tempdir().unwrap();
    let (target, link) = (folder.path().join("target.db"), folder.path().join("link.db"));
    symlink(&target, &link).unwrap();
    let log = open(&link);
    let mut anna = Writer::open(&log, "anna").unwrap();
    anna.append(vec![snapshot("0")]).unwrap();
    assert!(target.is_file());
    let other = folder.path().join("other.db");
    drop(open(&other));
    fs::remove_file(&link).unwrap();
    symlink(&other, &link).unwrap();
    ensure_moved(anna.append(vec![new_entry("1")]), &link, "the link was changed");
}
