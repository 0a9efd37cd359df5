//! What is left in the files of a session that was deleted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

use burdock::log::{Log as _, LogError};
use burdock_sqlite::{SqliteLog, Synchronous};
use common::{Random, Writer, draft, id, open, snapshot, texts};
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

/// How often a text occurs in the files.
fn count(path: &Path, text: &str) -> usize {
    let occurs = |file: PathBuf| {
        let bytes = fs::read(file).unwrap();
        bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
    };
    files(path).into_iter().map(occurs).sum()
}

/// Entries of all sizes that have the session's secret in them.
fn write(writer: &mut Writer, random: &mut Random) {
    let size = [10, 100, 900, 3000, 9000, 40_000][usize::try_from(random.below(6)).unwrap()];
    let text = format!("secret-of-{}-{}", writer.session, "x".repeat(size));
    let entry = if random.below(4) == 0 { snapshot(&text) } else { draft(&text) };
    writer.append(vec![entry]).unwrap();
}

/// Sessions one behind the other.
fn fill(log: &SqliteLog, sessions: &[String]) {
    let mut random = Random(7);
    for session in sessions {
        let mut writer = Writer::open(log, session).unwrap();
        (0..12).for_each(|_| write(&mut writer, &mut random));
    }
}

/// Sessions side by side.
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
fn nothing_of_a_deleted_session_is_left_in_the_files() {
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
        // the others are there, and writing goes on
        for kept in sessions.iter().skip(1).step_by(3) {
            assert_eq!(texts(&log, kept).len(), 12);
            Writer::open(&log, kept).unwrap().append(vec![draft("on")]).unwrap();
        }
    }
}

/// When SQLite splits a page between sessions, it may leave a copy of an entry in the unused part of the
/// page, which `secure_delete` does not find.
#[test]
fn of_sessions_that_share_pages_little_is_left_until_the_pages_are_used_again() {
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
fn a_file_gives_back_what_was_deleted() {
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
    // beside the session, a page for each table and index, and the index of the write-ahead log
    assert!(left < kept as u64 * 2 + 150_000, "{left} bytes are left for {kept}");
}

/// Files of the first release cannot give back pages, and overwrite what is deleted all the same.
#[test]
fn nothing_is_left_in_a_file_of_the_first_release() {
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
fn erasing_waits_for_a_reader_of_another_connection_and_holds_up_no_writer() {
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
        writer.append(vec![draft("on")]).unwrap();
        assert!((&mut erased).now_or_never().is_none(), "a reader still needs the pages");
    }
    other.execute_batch("COMMIT").unwrap();
    block_on(erased).unwrap();
    assert_eq!(count(&path, "secret-of-session-10"), 0);
}

#[test]
fn whoever_waits_for_an_erasure_is_told_that_the_log_is_closed() {
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
fn a_log_that_is_closed_leaves_nothing_to_the_other_processes_that_have_the_file() {
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
fn files_that_a_log_makes_can_be_read_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    fill(&log, &names()[..1]);
    let modes: Vec<_> = files(&path).iter().map(|file| mode(file)).collect();
    assert_eq!(modes, [0o600; 3]);
    // one that exists keeps its mode
    drop(log);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let log = open(&path);
    fill(&log, &names()[1..2]);
    assert_eq!(files(&path).iter().map(|file| mode(file)).collect::<Vec<_>>(), [0o640; 3]);
}
