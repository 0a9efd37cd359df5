//! Several processes on one file, and crashes of processes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

use burdock::log::{Claim, Log, LogError, Offset, Urgency, tail};
use burdock_sqlite::{SqliteLog, Synchronous};
use common::{
    Process, Random, Writer, arg, id, new_entry, open, read, receive, role, send, sessions,
    snapshot, text, texts,
};
use futures::executor::block_on;
use std::{collections::BTreeMap, fs, path::Path, sync::Arc, thread, time::Duration};
use tempfile::tempdir;

#[test]
fn opening_in_another_process_fences_the_writer() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    let mut child = Process::start(&["turns", arg(&path)]);
    let mut expected = Vec::new();
    for round in 0..100 {
        let mut anna = Writer::open(&log, "anna").unwrap();
        anna.append(vec![snapshot(&format!("parent {round}"))]).unwrap();
        // the child opens the session and becomes its writer
        child.send("go");
        assert_eq!(child.receive().unwrap(), "done");
        let error = anna.append(vec![new_entry("too late")]).unwrap_err();
        assert!(matches!(error, LogError::Fenced { .. }), "{error:?}");
        expected.push(format!("parent {round}"));
        expected.push(format!("child {round}"));
    }
    child.send("end");
    child.finish();
    assert_eq!(texts(&log, "anna"), expected);
}

#[test]
fn concurrent_openers_neither_lose_nor_duplicate_entries() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    let names = ["a", "b", "c"];
    let mut children = names.map(|name| Process::start(&["fight", arg(&path), name]));
    let mut acknowledged = BTreeMap::new();
    for (name, child) in names.iter().zip(&mut children) {
        let count: usize = child.receive().unwrap().parse().unwrap();
        acknowledged.insert(*name, count);
    }
    children.into_iter().for_each(Process::finish);
    let texts = texts(&log, "anna");
    for (name, count) in acknowledged {
        let own = texts.iter().filter(|text| text.starts_with(name));
        let expected: Vec<_> = (0..count).map(|number| format!("{name} {number}")).collect();
        assert!(own.eq(&expected), "{name}: {count}");
    }
    assert!(block_on(log.epochs(&id("anna"))).unwrap().len() >= 3 * 50);
}

#[test]
fn processes_can_create_a_file_concurrently() {
    for _ in 0..5 {
        let folder = tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let names = ["a", "b", "c", "d", "e"];
        let mut children = names.map(|name| Process::start(&["make", arg(&path), name]));
        for child in &mut children {
            assert_eq!(child.receive().unwrap(), "ready");
        }
        for child in &mut children {
            child.send("go");
        }
        for child in &mut children {
            assert_eq!(child.receive().unwrap(), "made");
        }
        children.into_iter().for_each(Process::finish);
        assert_eq!(sessions(&open(&path)), names);
    }
}

#[test]
fn tail_in_a_child_process_sees_appends_of_the_parent() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    let mut anna = Writer::open(&log, "anna").unwrap();
    anna.append(vec![snapshot("0")]).unwrap();
    let mut child = Process::start(&["tail", arg(&path)]);
    assert_eq!(child.receive().unwrap(), "0");
    for number in 1..10 {
        // the child waits for the next entry
        anna.append(vec![new_entry(&number.to_string())]).unwrap();
        assert_eq!(child.receive().unwrap(), number.to_string());
    }
    block_on(log.delete(&id("anna"))).unwrap();
    assert_eq!(child.receive().unwrap(), "there is no session `anna`");
    child.finish();
}

#[test]
fn tail_in_the_parent_process_sees_appends_of_a_child() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    Writer::open(&log, "anna").unwrap().append(vec![snapshot("parent")]).unwrap();
    let mut child = Process::start(&["turns", arg(&path)]);
    let dynamic: Arc<dyn Log> = Arc::new(log);
    let mut tail = tail(&dynamic, &id("anna"), Offset(1));
    for round in 0..10 {
        child.send("go");
        let next = block_on(tail.next()).unwrap().unwrap();
        assert_eq!(text(&next), format!("child {round}"));
    }
    child.send("end");
    child.finish();
}

#[test]
fn stopped_writer_commits_nothing_after_a_takeover() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = block_on(SqliteLog::options().busy_timeout(Duration::ZERO).open(&path)).unwrap();
    for _ in 0..20 {
        let mut child = Process::start(&["until fenced", arg(&path)]);
        for _ in 0..5 {
            child.receive().unwrap();
        }
        let mut taken = loop {
            child.freeze();
            match Writer::open(&log, "anna") {
                Ok(taken) => break taken,
                // the child was stopped during a commit and has the file locked
                Err(error) => assert!(error.is_retryable(), "{error:?}"),
            }
            child.thaw();
        };
        let before = read(&log, "anna").unwrap();
        assert_eq!(before.len() as u64, taken.next.0);
        taken.append(vec![snapshot("taken")]).unwrap();
        child.thaw();
        let mut acknowledged = 0;
        let last = loop {
            match child.receive().unwrap().parse::<u64>() {
                Ok(offset) => acknowledged = offset + 1,
                Err(_) => break acknowledged,
            }
        };
        child.finish();
        let after = read(&log, "anna").unwrap();
        assert!(last <= before.len() as u64);
        assert_eq!(after.len(), before.len() + 1);
        assert_eq!(text(&after[before.len()]), "taken");
    }
}

#[test]
fn acknowledged_entries_survive_a_kill() {
    for synchronous in ["full", "normal"] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let mut random = Random(3);
        let mut acknowledged = BTreeMap::new();
        for _ in 0..25 {
            let mut child = Process::start(&["write", arg(&path), synchronous]);
            for _ in 0..random.below(100) {
                record(&mut acknowledged, &child.receive().unwrap());
            }
            child.kill();
            check(&open(&path), &acknowledged);
        }
    }
}

#[test]
fn copies_at_any_time_are_intact_with_synchronous_full() {
    copies_at_any_time_are_intact("full");
}

#[test]
fn copies_at_any_time_are_intact_with_synchronous_normal() {
    copies_at_any_time_are_intact("normal");
}

/// Simulates crashes: copies the files while the writing process is stopped.
fn copies_at_any_time_are_intact(synchronous: &str) {
    let mut random = Random(5);
    // several small files, because each check reads the whole file
    for _ in 0..5 {
        let folder = tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let mut child = Process::start(&["write", arg(&path), synchronous]);
        let mut acknowledged = BTreeMap::new();
        for round in 0..50 {
            for _ in 0..=random.below(30) {
                record(&mut acknowledged, &child.receive().unwrap());
            }
            child.freeze();
            let copy = tempdir().unwrap();
            let copied = copy.path().join("chat.db");
            fs::copy(&path, &copied).unwrap();
            fs::copy(path.with_extension("db-wal"), copied.with_extension("db-wal")).unwrap();
            child.thaw();
            check(&open(&copied), &acknowledged);
            if round % 20 == 0 {
                let connection = rusqlite::Connection::open(&copied).unwrap();
                let found = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0));
                assert_eq!(found, Ok("ok".to_owned()));
            }
        }
        child.kill();
    }
}

/// Records a line "session offset".
fn record(acknowledged: &mut BTreeMap<String, u64>, line: &str) {
    let (session, offset) = line.split_once(' ').unwrap();
    acknowledged.insert(session.to_owned(), offset.parse().unwrap());
}

/// Checks the entries of the role "write", which contain their offset and their index in the append.
fn check(log: &SqliteLog, acknowledged: &BTreeMap<String, u64>) {
    for (session, acknowledged) in acknowledged {
        let info = block_on(log.info(&id(session))).unwrap();
        assert!(info.next.0 > *acknowledged, "{session}: {} of {acknowledged}", info.next);
        let records = read(log, session).unwrap();
        for (offset, record) in (info.first.0..).zip(&records) {
            assert_eq!(record.offset, Offset(offset));
            assert!(text(record).starts_with(&format!("{session} {offset} ")));
        }
        let last = text(records.last().unwrap());
        let (of, number) = last.split(' ').nth(2).unwrap().split_once('/').unwrap();
        assert_eq!(of, number, "an append was stored in part: {last:.40}");
        assert_eq!(info.next.0, info.first.0 + records.len() as u64);
    }
}

#[test]
fn child() {
    let Some(role) = role() else { return };
    let path = Path::new(&role[1]);
    match role[0].as_str() {
        "turns" => turns(&open(path)),
        "fight" => fight(&open(path), &role[2]),
        "make" => {
            send("ready");
            receive();
            let log = open(path);
            Writer::open(&log, &role[2]).unwrap().append(vec![snapshot("0")]).unwrap();
            send("made");
        }
        "tail" => {
            let log: Arc<dyn Log> = Arc::new(open(path));
            let mut tail = tail(&log, &id("anna"), Offset(0));
            loop {
                match block_on(tail.next()).unwrap() {
                    Ok(record) => send(text(&record)),
                    Err(error) => return send(error),
                }
            }
        }
        "until fenced" => {
            let mut anna = Writer::open(&open(path), "anna").unwrap();
            let error = loop {
                match anna.append(vec![snapshot("frozen")]) {
                    Ok(()) => send(anna.next.0 - 1),
                    // the parent had the file locked
                    Err(error) if error.is_retryable() => {}
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, LogError::Fenced { .. }), "{error:?}");
            send("fenced");
        }
        "write" => {
            let synchronous =
                if role[2] == "full" { Synchronous::Full } else { Synchronous::Normal };
            let options = SqliteLog::options().synchronous(synchronous);
            let log = block_on(options.open(path)).unwrap();
            thread::scope(|scope| {
                for (seed, session) in (1..).zip(["anna", "bert", "cleo"]) {
                    let log = &log;
                    scope.spawn(move || write(log, session, Random(seed)));
                }
            });
        }
        role => panic!("unknown role {role}"),
    }
}

/// Opens the session and appends an entry for each line.
fn turns(log: &SqliteLog) {
    for round in 0.. {
        if receive() != "go" {
            return;
        }
        let mut anna = Writer::open(log, "anna").unwrap();
        anna.append(vec![new_entry(&format!("child {round}"))]).unwrap();
        send("done");
    }
}

/// Opens the session repeatedly while other processes do the same.
fn fight(log: &SqliteLog, name: &str) {
    let mut count = 0;
    for _ in 0..50 {
        let mut anna = Writer::open(log, "anna").unwrap();
        for _ in 0..5 {
            match anna.append(vec![snapshot(&format!("{name} {count}"))]) {
                Ok(()) => count += 1,
                Err(LogError::Fenced { .. }) => break,
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    send(count);
}

/// Writes until it is killed, and trims to keep the file small.
fn write(log: &SqliteLog, session: &str, mut random: Random) {
    let mut writer = Writer::open(log, session).unwrap();
    loop {
        let count = 1 + random.below(3);
        let entry = |number: u64| {
            let length = usize::try_from(random.below(4000)).unwrap();
            let at = writer.next.0 + number - 1;
            snapshot(&format!("{session} {at} {number}/{count} {}", "x".repeat(length)))
        };
        let entries: Vec<_> = (1..=count).map(entry).collect();
        if random.below(4) == 0 {
            // becomes durable with the next append
            drop(writer.send(entries, Urgency::Whenever));
            continue;
        }
        writer.append(entries).unwrap();
        send(format_args!("{session} {}", writer.next.0 - 1));
        if random.below(20) == 0 {
            block_on(log.trim(&id(session), Offset(writer.next.0 - 1))).unwrap();
        }
    }
}

#[test]
fn released_session_is_idle_for_other_processes() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    let mut anna = Writer::open(&log, "anna").unwrap();
    anna.append(vec![snapshot("0")]).unwrap();
    let other = open(&path);
    let idle = |time| Claim { idle_for: Some(time), ..Claim::default() };
    let hour = Duration::from_hours(1);
    match block_on(other.open(&anna.session, idle(hour))) {
        Err(LogError::Busy { ago, .. }) => assert!(ago < hour),
        result => panic!("{result:?}"),
    }
    // simulate that an hour has passed
    let connection = rusqlite::Connection::open(&path).unwrap();
    let earlier = "UPDATE sessions SET active = active - 3600000; \
                   UPDATE entries SET stored = stored - 3600000";
    connection.execute_batch(earlier).unwrap();
    block_on(other.open(&anna.session, idle(hour))).unwrap();
    let anna = Writer::open(&log, "anna").unwrap();
    block_on(log.release(&anna.session, anna.epoch)).unwrap();
    block_on(other.open(&anna.session, idle(hour))).unwrap();
}
