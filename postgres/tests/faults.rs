//! Acknowledged entries are stored exactly once despite broken connections and server crashes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use burdock::log::{Claim, Epoch, Log, LogError, Offset, SessionId};
use burdock_postgres::PostgresLog;
use futures::future::{join, join_all};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use std::{error::Error as _, time::Duration};
use support::{
    Server,
    entries::{append, id, jsons},
};
use tokio::task::{self, JoinHandle};

/// Returns the expected JSON of the entries before an offset.
fn counted(next: u64) -> Vec<String> {
    (0..next).map(|number| format!("{{\"n\":{number}}}")).collect()
}

/// Waits until a statement that contains this text waits for a lock. Returns its backend.
async fn blocked(connection: &mut PgConnection, statement: &str) -> i32 {
    loop {
        let waiting = "SELECT pid FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'";
        let row = sqlx::query(waiting).bind(statement).fetch_optional(&mut *connection).await;
        if let Some(row) = row.unwrap() {
            return row.get(0);
        }
    }
}

#[tokio::test]
async fn append_is_stored_once_if_its_connection_breaks() {
    let server = Server::shared();
    let options = server.options_of("middle").operation_timeout(Duration::from_mins(1));
    let log = options.connect().await.unwrap();
    let opened = log.open(&id("s"), Claim::default()).await.unwrap();
    log.append(append(&id("s"), opened.epoch, 0, 1)).await.unwrap();

    let (mut holder, mut watcher) = (server.connection().await, server.connection().await);
    let mut held = holder.begin().await.unwrap();
    held.execute(AssertSqlSafe("SELECT FROM middle.sessions FOR UPDATE")).await.unwrap();
    let appending = log.append(append(&id("s"), opened.epoch, 1, 3));
    for _ in 0..3 {
        let backend = blocked(&mut watcher, "\"middle\".append").await;
        let ended = sqlx::query("SELECT pg_terminate_backend($1, 60000)").bind(backend);
        assert!(ended.fetch_one(&mut watcher).await.unwrap().get::<bool, _>(0));
    }
    held.rollback().await.unwrap();
    appending.await.unwrap();
    assert_eq!(jsons(&log, &id("s")).await, counted(4));
}

#[tokio::test]
async fn append_is_stored_once_if_its_response_is_lost() {
    let server = Server::shared();
    // the first statement exceeds the limit of an attempt but keeps running
    let options = server.options_of("answer").operation_timeout(Duration::from_secs(2));
    let log = options.connect().await.unwrap();
    let opened = log.open(&id("s"), Claim::default()).await.unwrap();
    log.append(append(&id("s"), opened.epoch, 0, 1)).await.unwrap();

    let (mut holder, mut watcher) = (server.connection().await, server.connection().await);
    let mut held = holder.begin().await.unwrap();
    held.execute(AssertSqlSafe("SELECT FROM answer.sessions FOR UPDATE")).await.unwrap();
    let appending = log.append(append(&id("s"), opened.epoch, 1, 3));
    let first = blocked(&mut watcher, "\"answer\".append").await;
    loop {
        let second = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
            AND query LIKE '%\"answer\".append%' AND pid <> $1";
        let row = sqlx::query(second).bind(first).fetch_one(&mut watcher).await.unwrap();
        if row.get::<i64, _>(0) > 0 {
            break;
        }
    }
    held.rollback().await.unwrap();
    appending.await.unwrap();
    assert_eq!(jsons(&log, &id("s")).await, counted(4));
}

#[tokio::test]
async fn open_creates_one_epoch_if_its_connection_breaks() {
    let server = Server::shared();
    let options = server.options_of("epoch").operation_timeout(Duration::from_mins(1));
    let log = options.connect().await.unwrap();
    let opened = log.open(&id("s"), Claim::default()).await.unwrap();
    log.append(append(&id("s"), opened.epoch, 0, 1)).await.unwrap();
    log.release(&id("s"), opened.epoch).await.unwrap();

    let (mut holder, mut watcher) = (server.connection().await, server.connection().await);
    let mut held = holder.begin().await.unwrap();
    held.execute(AssertSqlSafe("SELECT FROM epoch.sessions FOR UPDATE")).await.unwrap();
    let hour = Duration::from_hours(1);
    let idle = Claim { idle_for: Some(hour), ..Claim::default() };
    let opening = log.open(&id("s"), idle);
    let backend = blocked(&mut watcher, "\"epoch\".open").await;
    let ended = sqlx::query("SELECT pg_terminate_backend($1, 60000)").bind(backend);
    ended.fetch_one(&mut watcher).await.unwrap();
    blocked(&mut watcher, "\"epoch\".open").await;
    held.rollback().await.unwrap();
    assert!(opening.await.unwrap().epoch > opened.epoch);
    assert_eq!(log.epochs(&id("s")).await.unwrap().len(), 2);
}

/// Runs rounds of two concurrent appends. Returns the offset of the next entry.
fn writing(log: PostgresLog, session: SessionId, epoch: Epoch, rounds: u64) -> JoinHandle<u64> {
    task::spawn(async move {
        let mut at = 0;
        for round in 0..rounds {
            let count = 1 + round % 3;
            let (first, second) = join(
                log.append(append(&session, epoch, at, count)),
                log.append(append(&session, epoch, at + count, 1)),
            )
            .await;
            first.and(second).unwrap();
            at += count + 1;
        }
        at
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_survive_closed_connections() {
    let server = Server::start();
    let options =
        server.options_of("any").operation_timeout(Duration::from_mins(1)).max_connections(4);
    let log = options.connect().await.unwrap();
    let mut writers = Vec::new();
    for number in 0..4 {
        let session = id(&format!("s{number}"));
        let opened = log.open(&session, Claim::default()).await.unwrap();
        writers.push(writing(log.clone(), session, opened.epoch, 100));
    }
    let mut watcher = server.connection().await;
    let (mut killed, mut before) = (0, -1);
    while !writers.iter().all(JoinHandle::is_finished) {
        // wait until some entries were stored
        let stored = "SELECT sum(next)::bigint FROM \"any\".sessions";
        let stored = sqlx::query(stored).fetch_one(&mut watcher).await.unwrap().get::<i64, _>(0);
        if stored < before + 5 {
            continue;
        }
        before = stored;
        let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE application_name = 'burdock' AND random() < 0.3";
        killed += sqlx::query(kill).fetch_one(&mut watcher).await.unwrap().get::<i64, _>(0);
    }
    assert!(killed > 0);
    for (number, ended) in join_all(writers).await.into_iter().enumerate() {
        let stored = jsons(&log, &id(&format!("s{number}"))).await;
        assert_eq!(stored, counted(ended.unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_survive_server_crashes() {
    let server = Server::start();
    let log = server.options().operation_timeout(Duration::from_mins(1)).connect().await.unwrap();
    let opened = log.open(&id("s"), Claim::default()).await.unwrap();
    let other = log.open(&id("watched"), Claim::default()).await.unwrap();
    log.append(append(&id("watched"), other.epoch, 0, 1)).await.unwrap();
    let waiting = task::spawn(log.reached(&id("watched"), Offset(1)));

    let writer = writing(log.clone(), id("s"), opened.epoch, 300);
    let mut crashes = 0;
    while !writer.is_finished() && crashes < 6 {
        task::block_in_place(|| server.crash());
        task::block_in_place(|| server.restart());
        crashes += 1;
        // the next crash happens during appends
        let next = log.info(&id("s")).await.map_or(Offset::ZERO, |info| info.next);
        if !writer.is_finished() {
            let _ = log.reached(&id("s"), next.plus(7)).await;
        }
    }
    let next = writer.await.unwrap();
    assert_eq!(jsons(&log, &id("s")).await, counted(next));
    log.append(append(&id("watched"), other.epoch, 1, 1)).await.unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_are_unavailable_during_an_outage_and_succeed_afterwards() {
    let server = Server::start();
    let log =
        server.options().operation_timeout(Duration::from_millis(300)).connect().await.unwrap();
    let opened = log.open(&id("s"), Claim::default()).await.unwrap();
    log.append(append(&id("s"), opened.epoch, 0, 5)).await.unwrap();
    task::block_in_place(|| server.crash());

    let unavailable = |result: Result<(), LogError>| match result {
        Err(error @ LogError::Unavailable(_)) => {
            assert!(error.is_retryable() && error.source().is_some());
        }
        other => panic!("{other:?}"),
    };
    let appends = [5, 6, 7].map(|at| log.append(append(&id("s"), opened.epoch, at, 1)));
    join_all(appends).await.into_iter().for_each(unavailable);
    unavailable(log.info(&id("s")).await.map(drop));
    unavailable(log.open(&id("s"), Claim::default()).await.map(drop));

    task::block_in_place(|| server.restart());
    assert_eq!(jsons(&log, &id("s")).await, counted(5));
    log.append(append(&id("s"), opened.epoch, 5, 2)).await.unwrap();
    assert_eq!(jsons(&log, &id("s")).await, counted(7));
}
