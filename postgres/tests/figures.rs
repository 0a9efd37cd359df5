//! Throughput of appends, compared with single-row inserts of the same size. Run with `--release`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod support;

use burdock::log::{Append, Claim, Log, NewEntry, Offset, Urgency};
use burdock_postgres::PostgresLog;
use futures::future::join_all;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::{future::Future, time::Instant};
use support::{Server, entries::id};

/// Size of an entry, typical for a commit of a chat.
const BYTES: usize = 400;

fn main() {
    let rounds = if cfg!(debug_assertions) { 20 } else { 2000 };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let server = Server::shared();
        measure("bare insert, 1 connection", rounds, inserts(server, 0, rounds)).await;
        measure("append Now, 1 session", rounds, async {
            appends(server.log().await, 1, rounds).await;
        })
        .await;
        let log = server.options().max_connections(16).connect().await.unwrap();
        measure("bare insert, 16 connections", 16 * rounds, async {
            join_all((1..17).map(|table| inserts(server, table, rounds))).await;
        })
        .await;
        measure("append Now, 16 sessions", 16 * rounds, appends(log, 16, rounds)).await;
        let log = server.log().await;
        measure("append Whenever, 1 session", 50 * rounds, items(log, 50 * rounds)).await;
    });
}

async fn measure(what: &str, count: usize, work: impl Future<Output = ()>) {
    let start = Instant::now();
    work.await;
    #[allow(clippy::cast_precision_loss, reason = "the rate is printed only")]
    let rate = count as f64 / start.elapsed().as_secs_f64();
    println!("{what:28} {rate:9.0}/s");
}

fn new_entry() -> NewEntry {
    NewEntry::from_json("step_committed", 0, format!("\"{}\"", "x".repeat(BYTES)))
}

/// Appends sequentially in each session.
async fn appends(log: PostgresLog, sessions: usize, rounds: usize) {
    let writers = (0..sessions).map(|number| {
        let log = log.clone();
        tokio::spawn(async move {
            let session = id(&format!("session {number}"));
            let epoch = log.open(&session, Claim::default()).await.unwrap().epoch;
            for at in 0..rounds as u64 {
                let (session, at, urgency) = (session.clone(), Offset(at), Urgency::Now);
                let entries = vec![new_entry()];
                log.append(Append::new(session, epoch, at, entries).urgency(urgency))
                    .await
                    .unwrap();
            }
        })
    });
    for ended in join_all(writers).await {
        ended.unwrap();
    }
}

/// Appends without urgency, and waits for the last append.
async fn items(log: PostgresLog, count: usize) {
    let session = id("items");
    let epoch = log.open(&session, Claim::default()).await.unwrap().epoch;
    let mut last = None;
    for at in 0..count as u64 {
        let (session, at, urgency) = (session.clone(), Offset(at), Urgency::Whenever);
        let entries = vec![new_entry()];
        last = Some(log.append(Append::new(session, epoch, at, entries).urgency(urgency)));
    }
    last.unwrap().await.unwrap();
}

async fn inserts(server: &Server, table: usize, rounds: usize) {
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    let made = format!("CREATE TABLE bare{table} (k serial PRIMARY KEY, json text)");
    connection.execute(AssertSqlSafe(made)).await.unwrap();
    let insert = format!("INSERT INTO bare{table} (json) VALUES ($1)");
    let new_entry = new_entry();
    for _ in 0..rounds {
        let row = sqlx::query(AssertSqlSafe(insert.as_str())).bind(&*new_entry.json);
        row.execute(&mut connection).await.unwrap();
    }
}
