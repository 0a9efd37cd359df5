//! Lifetimes of handles, threads and futures.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

use burdock::log::{Claim, Log, LogError, Offset, SessionFilter, Urgency, tail};
use burdock_sqlite::{SqliteLog, Synchronous};
use common::{Writer, id, new_entry, open, read, snapshot, texts};
use futures::{
    FutureExt,
    executor::block_on,
    future::join_all,
    task::{ArcWake, waker},
};
use std::{
    fs, mem,
    path::Path,
    pin::pin,
    sync::{Arc, Mutex, mpsc},
    task::Context,
    time::{Duration, Instant},
};
use tempfile::tempdir;
use tokio::runtime::Builder;

const DAY: Duration = Duration::from_hours(24);

#[test]
fn dropping_the_last_handle_writes_queued_appends() {
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let log = block_on(SqliteLog::options().synchronous(synchronous).open(&path)).unwrap();
        let mut anna = Writer::open(&log, "anna").unwrap();
        drop(anna.send(vec![snapshot("0")], Urgency::Whenever));
        let within = anna.send(vec![new_entry("1")], Urgency::Within(DAY));
        drop(log);
        drop(anna);
        within.now_or_never().unwrap().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the WAL was not removed");
        assert_eq!(texts(&open(&path), "anna"), ["0", "1"]);
    }
}

#[test]
fn closing_writes_queued_appends() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let log = open(&path);
    let mut anna = Writer::open(&log, "anna").unwrap();
    let first = anna.send(vec![snapshot("0")], Urgency::Within(DAY));
    let waits = log.reached(&anna.session, Offset(5));
    block_on(log.close());
    first.now_or_never().unwrap().unwrap();
    let refused = waits.now_or_never().unwrap();
    assert!(matches!(refused, Err(LogError::Closed | LogError::NoSession { .. })), "{refused:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the WAL was not removed");
    assert_eq!(texts(&open(&path), "anna"), ["0"]);
}

#[test]
fn operations_on_a_closed_log_fail() {
    let folder = tempdir().unwrap();
    let log = open(folder.path().join("chat.db"));
    let mut anna = Writer::open(&log, "anna").unwrap();
    anna.append(vec![snapshot("0")]).unwrap();
    let waits = log.reached(&anna.session, Offset(1));
    let clone = log.clone();
    block_on(clone.close());
    block_on(log.close());
    let session = &anna.session.clone();
    let closed = |error: Option<LogError>| matches!(error, Some(LogError::Closed));
    assert!(closed(waits.now_or_never().unwrap().err()));
    for urgency in [Urgency::Now, Urgency::Whenever] {
        assert!(closed(anna.send(vec![new_entry("1")], urgency).now_or_never().unwrap().err()));
    }
    assert!(closed(log.open(session, Claim::default()).now_or_never().unwrap().err()));
    assert!(closed(log.read(session, Offset(0), 1).now_or_never().unwrap().err()));
    assert!(closed(log.reached(session, Offset(0)).now_or_never().unwrap().err()));
    assert!(closed(log.sessions(SessionFilter::default()).now_or_never().unwrap().err()));
    assert!(closed(log.delete(session).now_or_never().unwrap().err()));
}

#[test]
fn file_can_be_opened_after_cancelled_opens() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    for _ in 0..20 {
        let mut opening = pin!(SqliteLog::open(&path));
        assert!(opening.as_mut().now_or_never().is_none());
    }
    Writer::open(&open(&path), "anna").unwrap().append(vec![snapshot("0")]).unwrap();
}

/// A waker that drops a value on the waking thread.
struct DropOnWake<T>(Mutex<Option<T>>, mpsc::Sender<()>);

impl<T: Send + 'static> ArcWake for DropOnWake<T> {
    fn wake_by_ref(this: &Arc<Self>) {
        let held = mem::take(&mut *this.0.lock().unwrap());
        drop(held);
        // the test may be over
        let _ = this.1.send(());
    }
}

#[test]
fn last_handle_can_be_dropped_on_a_thread_of_the_log() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("chat.db");
    for round in 0..20 {
        let log = open(&path);
        let mut anna = Writer::open(&log, "anna").unwrap();
        anna.append(vec![snapshot("0")]).unwrap();
        let (sender, receiver) = mpsc::channel();
        // the first is woken by a reader thread, the second by the writer thread
        let mut future = if round % 2 == 0 {
            log.read(&anna.session, Offset(0), 1).map(drop).boxed()
        } else {
            anna.send(vec![new_entry("1")], Urgency::Now).map(drop).boxed()
        };
        let waker = waker(Arc::new(DropOnWake(Mutex::new(Some((log, anna))), sender)));
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_ready() {
            waker.wake();
        }
        receiver.recv().unwrap();
    }
    read(&open(&path), "anna").unwrap();
}

/// Counts the transactions in the write-ahead log: the last frame of a transaction contains the size
/// of the file in pages, other frames contain 0.
fn commits(path: &Path) -> usize {
    let wal = fs::read(path.with_extension("db-wal")).unwrap();
    wal[32..].chunks_exact(24 + 4096).filter(|frame| frame[4..8] != [0; 4]).count()
}

#[test]
fn delayed_appends_are_committed_together() {
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let log = block_on(SqliteLog::options().synchronous(synchronous).open(&path)).unwrap();
        let mut anna = Writer::open(&log, "anna").unwrap();
        anna.append(vec![snapshot("0")]).unwrap();
        let before = commits(&path);
        let waiting: Vec<_> = (1..100)
            .map(|number| anna.send(vec![new_entry(&number.to_string())], Urgency::Within(DAY)))
            .collect();
        assert_eq!(commits(&path), before);
        anna.append(vec![new_entry("now")]).unwrap();
        for sent in waiting {
            sent.now_or_never().unwrap().unwrap();
        }
        assert_eq!(commits(&path), before + 1);
        assert_eq!(read(&log, "anna").unwrap().len(), 101);
    }
}

#[test]
fn large_batches_are_written_before_their_deadline() {
    let folder = tempdir().unwrap();
    let log = open(folder.path().join("chat.db"));
    let mut anna = Writer::open(&log, "anna").unwrap();
    let sent =
        (0..20).map(|_| anna.send(vec![snapshot(&"x".repeat(100_000))], Urgency::Within(DAY)));
    block_on(sent.collect::<Vec<_>>().swap_remove(0)).unwrap();
}

#[test]
fn delayed_appends_complete_without_other_writes() {
    let folder = tempdir().unwrap();
    let log = open(folder.path().join("chat.db"));
    let mut anna = Writer::open(&log, "anna").unwrap();
    for urgency in [Urgency::Within(Duration::from_millis(5)), Urgency::Whenever] {
        let start = Instant::now();
        block_on(anna.send(vec![snapshot("0")], urgency)).unwrap();
        assert!(start.elapsed() > Duration::from_millis(3), "the append was not delayed");
    }
}

#[test]
fn rejected_appends_do_not_affect_others_in_the_transaction() {
    let folder = tempdir().unwrap();
    let log = open(folder.path().join("chat.db"));
    let mut anna = Writer::open(&log, "anna").unwrap();
    let mut bert = Writer::open(&log, "bert").unwrap();
    let mut fenced = Writer::open(&log, "cleo").unwrap();
    Writer::open(&log, "cleo").unwrap().append(vec![snapshot("0")]).unwrap();
    let first = anna.send(vec![snapshot("0")], Urgency::Within(DAY));
    bert.next = Offset(7);
    let refused = [
        bert.send(vec![snapshot("0")], Urgency::Within(DAY)),
        fenced.send(vec![snapshot("0")], Urgency::Within(DAY)),
        anna.send(vec![new_entry(&"x".repeat(65 << 20))], Urgency::Within(DAY)),
    ];
    anna.next = Offset(1);
    let last = anna.send(vec![new_entry("1")], Urgency::Now);
    let refused = block_on(join_all(refused));
    assert!(matches!(refused[0], Err(LogError::Misplaced { .. })), "{:?}", refused[0]);
    assert!(matches!(refused[1], Err(LogError::Fenced { .. })), "{:?}", refused[1]);
    assert!(matches!(refused[2], Err(LogError::TooLarge { .. })), "{:?}", refused[2]);
    block_on(async { first.await.and(last.await) }).unwrap();
    assert_eq!(texts(&log, "anna"), ["0", "1"]);
}

#[test]
fn runs_on_a_multi_threaded_executor() {
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let log = block_on(SqliteLog::options().synchronous(synchronous).open(path)).unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(4).build().unwrap();
        let tasks = (0..20).map(|number| {
            let log = log.clone();
            runtime.spawn(async move {
                let session = id(&format!("session {number}"));
                let opened = log.open(&session, Claim::default()).await.unwrap();
                let mut writer =
                    Writer { log: log.clone(), session, epoch: opened.epoch, next: opened.next };
                let dynamic: Arc<dyn Log> = Arc::new(log);
                writer.send(vec![snapshot("0")], Urgency::Now).await.unwrap();
                let mut tail = tail(&dynamic, &writer.session, Offset(1));
                for offset in 1..50 {
                    writer.send(vec![new_entry("more")], Urgency::Now).await.unwrap();
                    assert_eq!(tail.next().await.unwrap().unwrap().offset, Offset(offset));
                }
            })
        });
        let tasks: Vec<_> = tasks.collect();
        for ended in runtime.block_on(join_all(tasks)) {
            ended.unwrap();
        }
    }
}
