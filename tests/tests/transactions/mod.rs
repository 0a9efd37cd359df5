//! Transactions of `SqliteLog`: statements of the program and the record of their call.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod crashes;
mod drops;
mod misuse;

use burdock::{
    ActionError, App, Context, Retry,
    log::{CallKind, Durability, EntryKind, Log, Offset, SessionId},
    prelude::*,
};
use burdock_sqlite::{SqliteLog, Synchronous, rusqlite};
use futures::future::join3;
use rusqlite::{Connection, Transaction};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;

pub const DURABILITIES: [Durability; 3] =
    [Durability::Item, Durability::Commit, Durability::Batch(Duration::from_millis(5))];

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bill {
    pub receipts: Vec<String>,
}

/// A file with a table of payments.
pub struct File {
    pub path: PathBuf,
    _folder: TempDir,
}

impl File {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { path: folder.path().join("bills.db"), _folder: folder }
    }

    pub(crate) async fn log(&self) -> SqliteLog {
        let log = SqliteLog::options().synchronous(Synchronous::Normal);
        let log = log.open(&self.path).await.unwrap();
        let table = "CREATE TABLE IF NOT EXISTS payments (number INTEGER PRIMARY KEY, name TEXT)";
        self.connection().execute_batch(table).unwrap();
        log
    }

    pub(crate) fn connection(&self) -> Connection {
        let connection = Connection::open(&self.path).unwrap();
        connection.busy_timeout(Duration::from_mins(1)).unwrap();
        connection
    }

    /// The number of payments, by their names.
    pub(crate) fn payments(&self) -> BTreeMap<String, u32> {
        let connection = self.connection();
        let mut counts =
            connection.prepare("SELECT name, count(*) FROM payments GROUP BY name").unwrap();
        let counts = counts.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        counts.map(Result::unwrap).collect()
    }
}

/// Adds a payment, and returns its name and how many there are with this name.
pub(crate) fn insert(
    name: &'static str,
) -> impl FnOnce(&Transaction<'_>) -> rusqlite::Result<String> + Send + 'static {
    move |tx| {
        tx.execute("INSERT INTO payments (name) VALUES (?1)", [name])?;
        let count = "SELECT count(*) FROM payments WHERE name = ?1";
        let count: u32 = tx.query_row(count, [name], |row| row.get(0))?;
        Ok(format!("{name} {count}"))
    }
}

/// The number of attempts that fail.
#[derive(Clone, Debug, Default)]
pub struct Failures(Arc<AtomicUsize>);

impl Failures {
    pub(crate) fn new(failures: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(failures)))
    }

    fn may_fail(&self) -> Result<()> {
        let taken =
            self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        taken.map_or(Ok(()), |_| Err(ActionError::msg("not yet")))
    }
}

/// Makes transactions beside items and another call.
#[streaming_action(state = Bill, writes(receipts), yields(String))]
async fn pay(
    #[resource] log: &SqliteLog,
    #[resource] failures: &Failures,
    #[context] cx: &Context,
) -> Result<Writes> {
    yield_!("start".to_owned());
    let first = log.transaction(cx, "first", insert("first")).await?;
    failures.may_fail()?;
    yield_!(first.clone());
    let (second, third, fourth) = join3(
        log.transaction(cx, "second", insert("second")),
        cx.once("third", async { Ok::<_, ActionError>("third 1".to_owned()) }),
        log.transaction(cx, "fourth", insert("fourth")),
    )
    .await;
    yield_!("end".to_owned());
    failures.may_fail()?;
    Ok(Writes { receipts: vec![first, second?, third?, fourth?] })
}

/// A second step, with the same key in another step.
#[action(state = Bill, reads(receipts), writes(receipts))]
async fn mail(
    bill: Reads<'_>,
    #[resource] log: &SqliteLog,
    #[resource] failures: &Failures,
    #[context] cx: &Context,
) -> Result<Writes> {
    let mail = log.transaction(cx, "first", insert("mail")).await?;
    failures.may_fail()?;
    Ok(Writes { receipts: [bill.receipts.clone(), vec![mail]].concat() })
}

graph! {
    pub Paying(Bill) {
        resources { log: SqliteLog, failures: Failures }
        yields String;
        nodes {
            #[retry(Retry::times(20).superseding().first(Duration::ZERO))]
            pay,
            mail,
        }
        start pay;
        pay -> mail;
        mail -> pause pay;
    }
}

const TRANSACTIONS: [&str; 4] = ["first", "second", "fourth", "mail"];

pub(crate) async fn open(
    log: &SqliteLog,
    failures: &Failures,
    durability: Durability,
) -> App<Paying> {
    let resources = PayingResources { log: log.clone(), failures: failures.clone() };
    let app = Paying::app().resources(resources).id("ada").log(log.clone());
    app.durability(durability).build().await.unwrap()
}

pub(crate) fn ada() -> SessionId {
    SessionId::new("ada").unwrap()
}

pub(crate) async fn entries(log: &SqliteLog) -> Vec<EntryKind> {
    let records = log.read(&ada(), Offset(0), 10_000).await.unwrap();
    records.iter().map(|record| record.entry(&ada()).unwrap().kind).collect()
}

/// Asserts that the run is as one without failures and crashes, and that the table and the log agree.
pub(crate) async fn assert_paid_once(app: &App<Paying>, file: &File, log: &SqliteLog, case: &str) {
    let receipts = ["first 1", "second 1", "third 1", "fourth 1", "mail 1"];
    assert_eq!(app.state().receipts, receipts, "{case}");
    let once: BTreeMap<_, _> = TRANSACTIONS.map(|name| (name.to_owned(), 1)).into();
    assert_eq!(file.payments(), once, "{case}");
    let recorded = entries(log).await.into_iter().filter_map(|kind| match kind {
        EntryKind::CallRecorded { kind: CallKind::Transaction, result, .. } => Some(result),
        _ => None,
    });
    let mut recorded: Vec<_> = recorded.collect();
    recorded.sort_by_key(ToString::to_string);
    assert_eq!(recorded, ["first 1", "fourth 1", "mail 1", "second 1"], "{case}");
}

#[tokio::test]
async fn retries_make_no_transaction_twice() {
    for durability in DURABILITIES {
        for failures in 0..4 {
            let file = File::new();
            let (log, failures) = (file.log().await, Failures::new(failures));
            let mut app = open(&log, &failures, durability).await;
            if app.run(PayingInputs {}).await.is_err() {
                app.resume().await.unwrap();
            }
            app.flush().await.unwrap();
            assert_paid_once(&app, &file, &log, &format!("{durability:?}, {failures:?}")).await;
        }
    }
}

#[tokio::test]
async fn transaction_does_not_wait_for_a_batch() {
    let file = File::new();
    let (log, failures) = (file.log().await, Failures::default());
    let mut app = open(&log, &failures, Durability::Batch(Duration::from_hours(1))).await;
    let mut run = app.run(PayingInputs {});
    while run.next().await.unwrap().unwrap() != "first 1" {}
    // with the entries before it
    assert_eq!(entries(&log).await.len(), 5);
}

#[tokio::test]
async fn transactions_are_in_views_and_copies_of_the_step() {
    let file = File::new();
    let (log, failures) = (file.log().await, Failures::default());
    let mut app = open(&log, &failures, Durability::Commit).await;
    let mut run = app.run(PayingInputs {});
    while run.next().await.unwrap().unwrap() != "first 1" {}
    drop(run);
    app.flush().await.unwrap();
    let shared: Arc<dyn Log> = Arc::new(log.clone());
    let view = burdock::log::RawSessionView::latest(&shared, &ada()).await.unwrap();
    let calls = view.snapshot.unfinished.unwrap().calls;
    let record = burdock::log::CallRecord::of(CallKind::Transaction, "first 1".into());
    assert_eq!(calls, BTreeMap::from([("first".to_owned(), record)]));
    let copy = SessionId::new("copy").unwrap();
    burdock::log::fork(&shared, &ada(), view.offset, &copy).await.unwrap();
    let resources = PayingResources { log: log.clone(), failures };
    let mut copied = Paying::app().resources(resources).id("copy").log(log).build().await.unwrap();
    assert_eq!(copied.resume().await.unwrap().state().receipts[0], "first 1");
    assert_eq!(file.payments()["first"], 1);
}

/// A parent whose child makes a transaction.
#[action(state = Bill, writes(receipts))]
async fn delegate(
    #[graph] paying: burdock::run::Sub<'_, Paying>,
    #[resource] failures: &Failures,
) -> Result<Writes> {
    let end = paying.run("child", PayingInputs {}).await?;
    failures.may_fail()?;
    Ok(Writes { receipts: end.state().receipts.clone() })
}

graph! {
    Delegating(Bill) {
        resources { log: SqliteLog, failures: Failures }
        nodes {
            #[retry(Retry::times(20).first(Duration::ZERO))]
            delegate,
        }
        start delegate;
        delegate -> pause;
    }
}

#[tokio::test]
async fn child_makes_transactions_in_its_own_session() {
    let file = File::new();
    let (log, failures) = (file.log().await, Failures::new(5));
    let resources = DelegatingResources { log: log.clone(), failures };
    let app = Delegating::app().resources(resources).id("ada").log(log.clone());
    let end = app.build().await.unwrap().run(DelegatingInputs {}).await.unwrap().state().clone();
    assert_eq!(end.receipts, ["first 1", "second 1", "third 1", "fourth 1", "mail 1"]);
    assert_eq!(file.payments().values().sum::<u32>(), 4);
    let calls = |kind: &EntryKind| matches!(kind, EntryKind::CallRecorded { .. });
    assert!(!entries(&log).await.iter().any(calls), "the calls are in the session of the child");
}

#[tokio::test]
async fn readers_are_woken_by_the_record_of_a_transaction() {
    let file = File::new();
    let (log, failures) = (file.log().await, Failures::default());
    let mut app = open(&log, &failures, Durability::Commit).await;
    let mut run = app.run(PayingInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), "start");
    // session, run, step, item: the next entry is the record
    let reached = log.reached(&ada(), Offset(4));
    let (item, reached) = futures::join!(run.next(), reached);
    assert_eq!(item.unwrap().unwrap(), "first 1");
    reached.unwrap();
    let record = &log.read(&ada(), Offset(4), 1).await.unwrap()[0];
    assert!(record.json.contains(r#""kind":"transaction""#), "{record:?}");
}

/// Makes ten calls, and returns how many commits the file had for them.
#[action(state = Bill, writes(receipts))]
async fn count(
    #[input] kind: &String,
    #[resource] log: &SqliteLog,
    #[context] cx: &Context,
) -> Result<Writes> {
    cx.once("start", async { Ok::<_, ActionError>(()) }).await?;
    let before = commits(log);
    for number in 0..10 {
        let key = format!("{number}");
        match kind.as_str() {
            "once" => cx.once(key, async { Ok::<_, ActionError>("paid".to_owned()) }).await?,
            _ => log.transaction(cx, key, insert("paid")).await?,
        };
    }
    Ok(Writes { receipts: vec![format!("{} commits", commits(log) - before)] })
}

graph! {
    Counting(Bill) {
        inputs { kind: String }
        resources { log: SqliteLog }
        nodes { count }
        start count;
        count -> pause;
    }
}

/// The number of commits in the write-ahead log: frames whose header has the size of the database.
fn commits(log: &SqliteLog) -> usize {
    let wal = std::fs::read(log.path().with_extension("db-wal")).unwrap();
    let word = |at: usize| u32::from_be_bytes(wal[at..at + 4].try_into().unwrap());
    let (page, salt) = (usize::try_from(word(8)).unwrap(), word(16));
    let frames = (32..wal.len()).step_by(24 + page);
    frames.filter(|frame| word(frame + 8) == salt && word(frame + 4) > 0).count()
}

#[tokio::test]
async fn transaction_is_one_commit_as_a_recorded_call_is() {
    for kind in ["once", "transaction"] {
        let file = File::new();
        let log = file.log().await;
        let app = Counting::app().resources(CountingResources { log: log.clone() }).id("ada");
        let mut app = app.log(log).build().await.unwrap();
        let end = app.run(CountingInputs { kind: kind.to_owned() }).await.unwrap();
        assert_eq!(end.state().receipts, ["10 commits"], "{kind}");
    }
}
