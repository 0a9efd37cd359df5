//! Creation, rejection and migration of files; locked, full and read-only files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

use burdock::log::{Log, LogError, Offset, SessionFilter, Urgency};
use burdock_sqlite::{SqliteLog, Synchronous};
use common::{
    Process, Writer, arg, id, new_entry, open, read, receive, report, role, send, sessions,
    snapshot, texts,
};
use futures::{FutureExt, executor::block_on};
use rusqlite::{Connection, params};
use std::{
    env, fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::Path,
    process::Command,
    time::Duration,
};
use tempfile::tempdir;

fn open_error(path: &Path) -> String {
    match block_on(SqliteLog::open(path)) {
        Ok(_) => panic!("`{}` was opened", path.display()),
        Err(error @ LogError::Storage { .. }) => {
            report(&error).replace(&path.parent().unwrap().display().to_string(), "…")
        }
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn missing_file_is_created_and_existing_file_is_opened() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("it's a \"log\" of 100 %.db");
    let log = open(&path);
    Writer::open(&log, "anna").unwrap().append(vec![snapshot("0"), new_entry("1")]).unwrap();
    drop(log);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the WAL is gone");
    assert_eq!(texts(&open(&path), "anna"), ["0", "1"]);
}

#[test]
fn empty_file_becomes_a_log() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("empty.db");
    fs::write(&path, "").unwrap();
    Writer::open(&open(&path), "anna").unwrap().append(vec![snapshot("0")]).unwrap();
    assert_eq!(texts(&open(&path), "anna"), ["0"]);
}

#[test]
fn special_sqlite_names_are_plain_file_names() {
    let folder = tempdir().unwrap();
    for name in [":memory:", "file:x?mode=memory"] {
        let log = open(folder.path().join(name));
        Writer::open(&log, "anna").unwrap().append(vec![snapshot("0")]).unwrap();
        drop(log);
        assert!(folder.path().join(name).is_file(), "{name}");
    }
}

#[test]
fn missing_directory_and_directory_path_are_rejected() {
    let folder = tempdir().unwrap();
    let missing = folder.path().join("missing/chat.db");
    let error = block_on(SqliteLog::open(&missing)).unwrap_err().to_string();
    let missing = missing.display();
    assert_eq!(
        error,
        format!("the log cannot be stored: the directory of `{missing}` does not exist")
    );
    assert!(!folder.path().join("missing").exists());

    let path = folder.path().join("folder.db");
    fs::create_dir(&path).unwrap();
    let error = open_error(&path);
    assert_eq!(error, "the log cannot be stored: `…/folder.db` is a directory: expected a file");
    assert!(block_on(SqliteLog::open("")).unwrap_err().to_string().contains("is not a file path"));
}

#[test]
fn other_file_formats_are_rejected_and_unchanged() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    for text in ["x".repeat(10), "a long text of the user ".repeat(1000)] {
        fs::write(&path, &text).unwrap();
        let error = open_error(&path);
        assert!(error.contains("`…/notes.txt` is not an SQLite database"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn databases_of_other_programs_are_rejected_and_unchanged() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("other.db");
    for script in [
        "CREATE TABLE users (name TEXT)",
        "PRAGMA application_id = 7",
        "PRAGMA application_id = 0; PRAGMA user_version = 1; DROP TABLE users",
    ] {
        Connection::open(&path).unwrap().execute_batch(script).unwrap();
        let before = fs::read(&path).unwrap();
        let error = open_error(&path);
        assert!(error.contains("`…/other.db` is a database of another program: "), "{error}");
        assert!(fs::read(&path).unwrap() == before);
    }
}

#[test]
fn newer_files_are_rejected_and_unchanged() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    drop(open(&path));
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 3").unwrap();
    let before = fs::read(&path).unwrap();
    assert_eq!(
        open_error(&path),
        "the log cannot be stored: `…/chat.db` was written by a newer version of burdock: update burdock \
         to open it: the file has schema version 3, but this program supports versions up to 2"
    );
    assert!(fs::read(&path).unwrap() == before);
}

/// `BLESS=1` writes the fixture; only to be used before the first release.
#[test]
fn files_of_the_first_release_open() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/first.db");
    if env::var_os("BLESS").is_some() {
        // it may not exist yet
        let _ = fs::remove_file(&fixture);
        let log = open(&fixture);
        let mut anna = Writer::open(&log, "anna").unwrap();
        anna.append(vec![snapshot("0"), new_entry("1"), snapshot("2"), new_entry("3")]).unwrap();
        block_on(log.trim(&id("anna"), Offset(1))).unwrap();
        let mut other = Writer::open(&log, "it's ünusual").unwrap();
        other.append(vec![snapshot("{}"), new_entry(&"long ".repeat(2000))]).unwrap();
        Writer::open(&log, "anna").unwrap().append(vec![new_entry("4")]).unwrap();
    }
    let folder = tempdir().unwrap();
    let path = folder.path().join("first.db");
    fs::copy(fixture, &path).unwrap();
    let log = open(&path);
    assert_eq!(sessions(&log), ["anna", "it's ünusual"]);
    assert_eq!(texts(&log, "anna"), ["1", "2", "3", "4"]);
    assert_eq!(texts(&log, "it's ünusual"), ["{}", &"long ".repeat(2000)]);
    let info = block_on(log.info(&id("anna"))).unwrap();
    let (first, next, snapshot) = (Offset(1), Offset(5), Some(Offset(2)));
    assert_eq!((info.first, info.next, info.snapshot), (first, next, snapshot));
    let mut anna = Writer::open(&log, "anna").unwrap();
    assert_eq!(anna.epoch.0, 4);
    anna.append(vec![new_entry("5")]).unwrap();
    let starts = block_on(log.epochs(&id("anna"))).unwrap();
    let starts: Vec<_> = starts.iter().map(|start| (start.epoch.0, start.start.0)).collect();
    assert_eq!(starts, [(1, 0), (3, 4), (4, 5)]);
}

/// Creates a file with the schema of the first version.
fn first_version(path: &Path) -> Connection {
    let file = Connection::open(path).unwrap();
    file.execute_batch(include_str!("../src/schema.sql")).unwrap();
    file.execute_batch("PRAGMA application_id = 0x62757264; PRAGMA user_version = 1").unwrap();
    file
}

/// Stores an entry with the statements of the first version.
fn store(file: &Connection, session: &str, offset: i64, kind: &str, json: &str) {
    let insert = "INSERT OR IGNORE INTO sessions (id, epoch, created) VALUES (?1, 1, 7)";
    file.execute(insert, [session]).unwrap();
    file.execute(
        "INSERT INTO entries SELECT (number << 35) + ?2, 1, ?3, ?3 <> 'item', 7, 7, 0, ?4 \
         FROM sessions WHERE id = ?1",
        params![session, offset, kind, json],
    )
    .unwrap();
}

fn created(graph: &str) -> String {
    // the state may contain any JSON
    format!(
        r#"{{"v":1,"at":[7,0],"entry":{{"session_created":{{"snapshot":{{"graph":{{"name":"{graph}","hash":"00"}},"state":{{"graph":{{"name":"No"}},"text":"\u0000"}}}}}}}}}}"#
    )
}

fn snapshot_of(graph: &str) -> String {
    format!(r#"{{"v":1,"at":[7,0],"entry":{{"snapshot":{{"graph":{{"name":"{graph}"}}}}}}}}"#)
}

fn graph(log: &SqliteLog, session: &str) -> Option<String> {
    block_on(log.info(&id(session))).unwrap().graph.map(|graph| graph.to_string())
}

fn listed(log: &SqliteLog, graph: &str) -> Vec<String> {
    let filter = SessionFilter { graphs: vec![graph.into()], ..SessionFilter::default() };
    let found = block_on(log.sessions(filter)).unwrap();
    found.into_iter().map(|info| info.id.to_string()).collect()
}

#[test]
fn migration_fills_in_the_graphs_of_sessions() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let file = first_version(&path);
    store(&file, "plain", 0, "session_created", &created("Chat"));
    store(&file, "renamed", 0, "session_created", &created("Chat"));
    store(&file, "renamed", 1, "item", "1");
    store(&file, "renamed", 2, "snapshot", &snapshot_of("Talk"));
    store(&file, "renamed", 3, "item", "2");
    // trim the session
    file.execute_batch(
        "DELETE FROM entries WHERE place IN (2 << 35, (2 << 35) + 1);
         UPDATE sessions SET first = 2 WHERE id = 'renamed'",
    )
    .unwrap();
    for (session, json) in [("text", "no JSON"), ("value", "7"), ("other", r#"{"entry":[1]}"#)] {
        store(&file, session, 0, "session_created", json);
    }
    drop(file);
    let log = open(&path);
    assert_eq!(graph(&log, "plain").as_deref(), Some("Chat"));
    assert_eq!(graph(&log, "renamed").as_deref(), Some("Talk"));
    for session in ["text", "value", "other"] {
        assert_eq!(graph(&log, session), None, "{session}");
    }
    assert_eq!(sessions(&log), ["other", "plain", "renamed", "text", "value"]);
    assert_eq!(
        (listed(&log, "Chat"), listed(&log, "Talk")),
        (vec!["plain".into()], vec!["renamed".into()])
    );
}

/// During a rolling upgrade, older programs still have the file open.
#[test]
fn programs_of_the_first_version_can_write_a_migrated_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let file = first_version(&path);
    let log = open(&path);
    store(&file, "a", 0, "session_created", &created("Chat"));
    store(&file, "a", 1, "item", "1");
    store(&file, "b", 0, "session_created", "no JSON");
    store(&file, "c", 0, "snapshot", r#"{"entry":{"snapshot":{"graph":{"name":7}}}}"#);
    file.execute_batch("UPDATE entries SET json = CAST(x'7b22ff' AS TEXT) WHERE json = 'no JSON'")
        .unwrap();
    assert_eq!(graph(&log, "a").as_deref(), Some("Chat"));
    assert_eq!(listed(&log, "Chat"), ["a"]);
    assert_eq!(sessions(&log), ["a", "b", "c"]);
    assert_eq!((graph(&log, "b"), graph(&log, "c")), (None, None));
    store(&file, "a", 2, "snapshot", &snapshot_of("Talk"));
    assert_eq!(listed(&log, "Talk"), ["a"]);
    // a program of the second version continues the session
    let mut writer = Writer::open(&log, "a").unwrap();
    let mut renamed = snapshot("{}");
    renamed.graph = Some("Support".into());
    writer.append(vec![new_entry("3"), renamed, new_entry("4")]).unwrap();
    assert_eq!(graph(&log, "a").as_deref(), Some("Support"));
    assert_eq!((listed(&log, "Support"), listed(&log, "Talk")), (vec!["a".into()], vec![]));
}

#[test]
fn locked_file_is_unavailable_until_unlocked() {
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let options = SqliteLog::options().synchronous(synchronous);
        let log = block_on(options.busy_timeout(Duration::ZERO).open(&path)).unwrap();
        let mut anna = Writer::open(&log, "anna").unwrap();
        anna.append(vec![snapshot("0")]).unwrap();

        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let error = anna.append(vec![new_entry("1")]).unwrap_err();
        assert!(error.is_retryable());
        let error = report(&error);
        let locked = format!("`{}` is locked by another program", path.display());
        assert!(error.starts_with(&format!("the log cannot be reached: {locked}")), "{error}");
        assert_eq!(texts(&log, "anna"), ["0"], "readers are not blocked");

        other.execute_batch("ROLLBACK").unwrap();
        anna.append(vec![new_entry("1")]).unwrap();
        assert_eq!(texts(&log, "anna"), ["0", "1"]);
    }
}

#[test]
fn writes_wait_for_a_briefly_locked_file() {
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let log = block_on(SqliteLog::options().synchronous(synchronous).open(&path)).unwrap();
        let mut anna = Writer::open(&log, "anna").unwrap();
        anna.append(vec![snapshot("0")]).unwrap();

        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut first = anna.send(vec![new_entry("1")], Urgency::Now);
        let second = anna.send(vec![new_entry("2")], Urgency::Now);
        assert!((&mut first).now_or_never().is_none());
        other.execute_batch("COMMIT").unwrap();
        block_on(async { first.await.and(second.await) }).unwrap();
        assert_eq!(texts(&log, "anna"), ["0", "1", "2"]);
    }
}

#[test]
fn full_file_keeps_acknowledged_entries_and_recovers_when_space_is_freed() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = block_on(SqliteLog::options().max_bytes(400_000).open(&path)).unwrap();
    let mut old = Writer::open(&log, "old").unwrap();
    old.append(vec![snapshot(&"x".repeat(50_000))]).unwrap();
    let mut anna = Writer::open(&log, "anna").unwrap();
    let error = loop {
        if let Err(error) = anna.append(vec![snapshot(&"y".repeat(5000)), new_entry("end")]) {
            break report(&error);
        }
    };
    let full = format!("`{}` cannot grow", path.display());
    assert!(error.starts_with(&format!("the log is full: {full}")), "{error}");
    assert!(anna.next > Offset(50));
    assert_eq!(read(&log, "anna").unwrap().len() as u64, anna.next.0);
    // only the large append fails
    let large = anna.append(vec![new_entry(&"z".repeat(300_000))]);
    assert!(matches!(large, Err(LogError::Full { .. })), "{large:?}");

    block_on(log.delete(&id("old"))).unwrap();
    anna.append(vec![new_entry("on")]).unwrap();
    drop(log);
    drop(anna.log);
    let log = open(&path);
    assert_eq!(read(&log, "anna").unwrap().len() as u64, anna.next.0);
    assert_eq!(texts(&log, "anna").last().unwrap(), "on");
}

#[test]
fn full_disk_keeps_acknowledged_entries() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    drop(open(&path));
    // writes beyond the limit fail, as on a full disk
    let limited = "trap '' XFSZ; ulimit -f 1000; exec \"$0\" \"$@\"";
    let exe = env::current_exe().unwrap();
    let mut command = Command::new("sh");
    let command = command.arg("-c").arg(limited).arg(exe);
    let mut child = Process::of(command, &["fill", arg(&path)]);
    let error = child.receive().unwrap();
    let unwritable = format!("`{}` cannot be read or written", path.display());
    let full = format!("`{}` cannot grow", path.display());
    assert!(error.contains(&unwritable) || error.contains(&full), "{error}");
    let acknowledged: usize = child.receive().unwrap().parse().unwrap();
    assert!(acknowledged > 10);
    assert_eq!(child.receive().unwrap(), acknowledged.to_string(), "read by the child");
    child.finish();
    assert_eq!(read(&open(&path), "anna").unwrap().len(), acknowledged);
}

#[test]
fn read_only_files_are_rejected() {
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    for (file_mode, folder_mode, name, expected) in [
        (0o444, 0o777, "chat.db", "read-only"),
        (0o444, 0o555, "chat.db", "read-only"),
        (0o666, 0o555, "chat.db", "read-only"),
        (0o666, 0o555, "missing.db", "cannot be opened"),
    ] {
        let folder = tempdir().unwrap();
        let existing = folder.path().join("chat.db");
        let log = open(&existing);
        Writer::open(&log, "anna").unwrap().append(vec![snapshot("0")]).unwrap();
        drop(log);
        let exe = folder.path().join("exe");
        fs::copy(env::current_exe().unwrap(), &exe).unwrap();
        set(&existing, file_mode);
        set(folder.path(), folder_mode);
        let mut command = Command::new(&exe);
        if fs::metadata(&existing).unwrap().uid() == 0 {
            // root can write everything
            command.uid(65534);
        }
        let path = folder.path().join(name);
        let mut child = Process::of(&mut command, &["open", arg(&path)]);
        let error = child.receive().unwrap();
        child.finish();
        let named = error.contains(&format!("`{}`", path.display()));
        assert!(named && error.contains(expected), "{error}");
        set(folder.path(), 0o755);
        set(&existing, 0o644);
        assert_eq!(texts(&open(&existing), "anna"), ["0"]);
    }
}

#[test]
fn child() {
    let Some(role) = role() else { return };
    match role[0].as_str() {
        "open" => match block_on(SqliteLog::open(&role[1])) {
            Ok(_) => send("opened"),
            Err(error) => send(report(&error)),
        },
        "fill" => {
            let log = open(&role[1]);
            let mut anna = Writer::open(&log, "anna").unwrap();
            let error = loop {
                if let Err(error) = anna.append(vec![snapshot(&"x".repeat(3000))]) {
                    break error;
                }
            };
            send(report(&error));
            send(anna.next);
            send(read(&log, "anna").unwrap().len());
            receive();
        }
        role => panic!("unknown role {role}"),
    }
}
