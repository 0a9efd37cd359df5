//! Erasure of deleted sessions from the files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

use burdock::log::{Log as _, LogError};
use burdock_sqlite::{SqliteLog, Synchronous};
use common::{Random, Writer, id, new_entry, open, snapshot, texts};
use futures::{FutureExt as _, executor::block_on};
use rusqlite::Connection;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::tempdir;

fn files(path: &Path) -> Vec<PathBuf> {
    let folder = fs::read_dir(path.parent().unwrap()).unwrap();
    folder.map(|file| file.unwrap().path()).collect()
}

/// Counts the occurrences of a text in the files.
fn count(path: &Path, text: &str) -> usize {
    let occurs = |file: PathBuf| {
        let bytes = fs::read(file).unwrap();
        bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
    };
    files(path).into_iter().map(occurs).sum()
}

/// Appends an entry of random size that contains the session's secret.
fn write(writer: &mut Writer, random: &mut Random) {
    let size = [10, 100, 900, 3000, 9000, 40_000][usize::try_from(random.below(6)).unwrap()];
    let text = format!("secret-of-{}-{}", writer.session, "x".repeat(size));
    let entry = if random.below(4) == 0 { snapshot(&text) } else { new_entry(&text) };
    writer.append(vec![entry]).unwrap();
}

/// Writes sessions one after another.
fn fill(log: &SqliteLog, sessions: &[String]) {
    let mut random = Random(7);
    for session in sessions {
        let mut writer = Writer::open(log, session).unwrap();
        (0..12).for_each(|_| write(&mut writer, &mut random));
    }
}

/// Writes sessions with interleaved entries.
fn interleave(log: &SqliteLog, sessions: &[String]) {
    let mut random = Random(7);
    let writers = sessions.iter().map(|session| Writer::open(log, session).unwrap());
    let mut writers: Vec<_> = writers.collect();
    for _ in 0..12 {
        for writer in &mut writers {
            write(writer, &mut random);
        }
    }
}

fn names() -> Vec<String> {
    (10..25).map(|number| format!("session-{number}")).collect()
}

#[test]
fn deleted_sessions_are_erased_from_the_files() {
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let log = block_on(SqliteLog::options().synchronous(synchronous).open(&path)).unwrap();
        let sessions = names();
        fill(&log, &sessions);
        for deleted in sessions.iter().step_by(3) {
            let secret = format!("secret-of-{deleted}");
            assert!(count(&path, &secret) >= 12);
            block_on(log.delete(&id(deleted))).unwrap();
            block_on(log.erased()).unwrap();
            assert_eq!(count(&path, &secret), 0, "{secret}");
            assert_eq!(count(&path, deleted), 0, "{deleted}");
        }
        // other sessions are unchanged and can be written
        for kept in sessions.iter().skip(1).step_by(3) {
            assert_eq!(texts(&log, kept).len(), 12);
            Writer::open(&log, kept).unwrap().append(vec![new_entry("on")]).unwrap();
        }
    }
}

/// When SQLite splits a page, it may leave a copy of an entry in an unused part of the page, which
/// `secure_delete` does not overwrite.
#[test]
fn few_copies_remain_in_pages_shared_by_sessions_until_a_vacuum() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    let sessions = names();
    interleave(&log, &sessions);
    let secrets = || sessions.iter().step_by(3).map(|name| format!("secret-of-{name}"));
    let before: usize = secrets().map(|secret| count(&path, &secret)).sum();
    for deleted in sessions.iter().step_by(3) {
        block_on(log.delete(&id(deleted))).unwrap();
    }
    block_on(log.erased()).unwrap();
    let left: usize = secrets().map(|secret| count(&path, &secret)).sum();
    assert!(left * 20 <= before, "{left} of {before} are left");
    drop(log);
    Connection::open(&path).unwrap().execute_batch("VACUUM").unwrap();
    assert_eq!(secrets().map(|secret| count(&path, &secret)).sum::<usize>(), 0);
}

#[test]
fn file_shrinks_after_deletions() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    fill(&log, &names());
    block_on(log.erased()).unwrap();
    for session in names().iter().skip(1) {
        block_on(log.delete(&id(session))).unwrap();
    }
    block_on(log.erased()).unwrap();
    let kept: usize = texts(&log, &names()[0]).iter().map(String::len).sum();
    let left: u64 = files(&path).iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    // besides the session, a page for each table and index, and the index of the write-ahead log
    assert!(left < kept as u64 * 2 + 150_000, "{left} bytes for {kept} bytes of text");
}

/// Files of the first release do not shrink, but deleted sessions are overwritten.
#[test]
fn deleted_sessions_are_erased_from_files_of_the_first_release() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("first.db");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/first.db");
    fs::copy(fixture, &path).unwrap();
    let log = open(&path);
    assert!(count(&path, "long long") > 0);
    block_on(log.delete(&id("it's ünusual"))).unwrap();
    block_on(log.erased()).unwrap();
    assert_eq!(count(&path, "long long"), 0);
    assert_eq!(texts(&log, "anna"), ["1", "2", "3", "4"]);
}

#[test]
fn erasure_waits_for_readers_and_does_not_block_writers() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    fill(&log, &names()[..3]);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN; SELECT count(*) FROM entries").unwrap();
    block_on(log.delete(&id("session-10"))).unwrap();
    let mut erased = Box::pin(log.erased());
    for _ in 0..50 {
        let mut writer = Writer::open(&log, "session-11").unwrap();
        writer.append(vec![new_entry("on")]).unwrap();
        assert!((&mut erased).now_or_never().is_none(), "erased while a reader needs the pages");
    }
    other.execute_batch("COMMIT").unwrap();
    block_on(erased).unwrap();
    assert_eq!(count(&path, "secret-of-session-10"), 0);
}

#[test]
fn waiting_for_an_erasure_fails_when_the_log_is_closed() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    fill(&log, &names()[..2]);
    block_on(log.erased()).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN; SELECT count(*) FROM entries").unwrap();
    block_on(log.delete(&id("session-10"))).unwrap();
    let mut erased = Box::pin(log.erased());
    assert!((&mut erased).now_or_never().is_none());
    block_on(log.close());
    assert!(matches!(block_on(erased), Err(LogError::Closed)));
    assert!(matches!(block_on(log.erased()), Err(LogError::Closed)));
}

#[test]
fn closing_erases_deleted_sessions_while_other_processes_have_the_file_open() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    fill(&log, &names()[..2]);
    let other = Connection::open(&path).unwrap();
    let _: i64 = other.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap();
    drop(log.delete(&id("session-10")));
    drop(log);
    assert_eq!(count(&path, "secret-of-session-10"), 0);
    assert!(count(&path, "secret-of-session-11") > 0);
}

#[cfg(unix)]
#[test]
fn new_files_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    fill(&log, &names()[..1]);
    let modes: Vec<_> = files(&path).iter().map(|file| mode(file)).collect();
    assert_eq!(modes, [0o600; 3]);
    // an existing file keeps its mode
    drop(log);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let log = open(&path);
    fill(&log, &names()[1..2]);
    assert_eq!(files(&path).iter().map(|file| mode(file)).collect::<Vec<_>>(), [0o640; 3]);
}
