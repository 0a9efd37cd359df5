//! Processes that pay refunds out and are killed at random moments.
//!
//! `BURDOCK_KILLS` is the number of kills, 40 by default. With the feature `postgres`, `BURDOCK_POSTGRES_URL` is the server.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};
use support::payout::{Payout, Payouts};
use tempfile::TempDir;

/// The orders of each session.
const ORDERS: u64 = 40;

fn kills() -> u32 {
    env::var("BURDOCK_KILLS").map_or(40, |kills| kills.parse().unwrap())
}

/// Random numbers, the same in each run of the test.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

fn start(log: &str, bank: &Path, session: &str) -> Child {
    let mut payout = Command::new(env!("CARGO_BIN_EXE_payout"));
    payout.arg(log).arg(bank).arg(session).args((1..=ORDERS).map(|order| order.to_string()));
    payout.stdout(Stdio::piped()).spawn().unwrap()
}

/// Lets a process print some lines, then kills it a little later. Returns the result if the process has ended before.
fn run_and_kill(mut child: Child, dice: &mut Dice) -> Option<Payouts> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // some are killed while they open the log
    for _ in 0..dice.roll(30) {
        match lines.next() {
            Some(line) => {
                if let Some(payouts) = result(&line.unwrap()) {
                    assert!(child.wait().unwrap().success());
                    return Some(payouts);
                }
            }
            None => panic!("the process failed: {:?}", child.wait()),
        }
    }
    thread::sleep(Duration::from_micros(dice.roll(3_000)));
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

fn finish(mut child: Child) -> Payouts {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let payouts = lines.filter_map(|line| result(&line.unwrap())).last();
    assert!(child.wait().unwrap().success());
    payouts.unwrap()
}

fn result(line: &str) -> Option<Payouts> {
    Some(serde_json::from_str(line.strip_prefix("paid out ")?).unwrap())
}

/// The payouts of a session whose process was not killed.
fn undisturbed() -> Payouts {
    let paid = (1..=ORDERS).map(|order| {
        let (receipt, number) = (format!("receipt of order {order}"), order.cast_signed());
        Payout { order, receipt, number }
    });
    Payouts { left: [].into_iter().collect(), paid: paid.collect() }
}

/// Kills processes until there were enough kills, and checks the bank and each session. Returns the sessions.
fn kill_and_continue(log: &str, seed: u64) -> Vec<String> {
    let bank = TempDir::new().unwrap();
    let (mut dice, mut killed, mut sessions) = (Dice(seed), 0, Vec::new());
    while killed < kills() {
        let session = format!("payout-{}-{seed}", sessions.len());
        let payouts = loop {
            let child = start(log, bank.path(), &session);
            if killed == kills() {
                break finish(child);
            }
            match run_and_kill(child, &mut dice) {
                Some(payouts) => break payouts,
                None => killed += 1,
            }
        };
        assert_eq!(payouts, undisturbed(), "{session}");
        sessions.push(session);
    }
    check_bank(bank.path(), &sessions, killed);
    sessions
}

/// Asserts that the bank has each payment once.
fn check_bank(bank: &Path, sessions: &[String], killed: u32) {
    let files = fs::read_dir(bank).unwrap().map(|file| file.unwrap().file_name());
    let payments: Vec<_> = files.filter(|name| name != "requests").collect();
    let expected = sessions.len() * usize::try_from(ORDERS).unwrap();
    assert_eq!(payments.len(), expected, "payments");
    let requests = fs::read_to_string(bank.join("requests")).unwrap();
    let mut counts = BTreeMap::<_, u32>::new();
    for key in requests.lines() {
        *counts.entry(key).or_default() += 1;
    }
    assert_eq!(counts.len(), expected, "keys");
    let repeated = counts.values().filter(|count| **count > 1).count();
    eprintln!(
        "{killed} kills, {} sessions, {expected} payments, {repeated} of them requested again",
        sessions.len()
    );
}

#[test]
fn refunds_are_paid_and_booked_once_on_sqlite_if_processes_are_killed() {
    use burdock_sqlite::rusqlite::Connection;
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("payouts.db");
    let sessions = kill_and_continue(log.to_str().unwrap(), 7);
    let ledger = Connection::open(&log).unwrap();
    let mut rows = ledger.prepare("SELECT session, refund FROM ledger ORDER BY number").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let rows: Vec<(String, i64)> = rows.map(Result::unwrap).collect();
    assert_eq!(rows, booked(&sessions));
}

/// The rows of the ledger, each once.
fn booked(sessions: &[String]) -> Vec<(String, i64)> {
    let orders = |session: &String| {
        let session = session.clone();
        (1..=ORDERS).map(move |order| (session.clone(), order.cast_signed()))
    };
    sessions.iter().flat_map(orders).collect()
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn refunds_are_paid_and_booked_once_on_postgres_if_processes_are_killed() {
    use burdock_postgres::sqlx::{self, AssertSqlSafe, Connection as _, Executor as _};
    let server = env::var("BURDOCK_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
    let (base, _) = server.rsplit_once('/').unwrap();
    let database = format!("payouts_{}", std::process::id());
    let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
    let create = format!("CREATE DATABASE {database} ENCODING 'UTF8' TEMPLATE template0");
    admin.execute(AssertSqlSafe(create)).await.unwrap();
    let url = format!("{base}/{database}");
    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    let table = "CREATE TABLE ledger (number SERIAL PRIMARY KEY, session TEXT, refund BIGINT)";
    connection.execute(table).await.unwrap();
    let log = url.clone();
    let sessions = tokio::task::spawn_blocking(move || kill_and_continue(&log, 11)).await.unwrap();
    let rows = "SELECT session, refund FROM ledger ORDER BY number";
    let rows: Vec<(String, i64)> = sqlx::query_as(rows).fetch_all(&mut connection).await.unwrap();
    assert_eq!(rows, booked(&sessions));
    connection.close().await.unwrap();
    let drop = format!("DROP DATABASE {database} WITH (FORCE)");
    admin.execute(AssertSqlSafe(drop)).await.unwrap();
}
