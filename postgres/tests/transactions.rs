//! Statements of the program and the record of their call are committed together.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(unreachable_pub, reason = "generated code")]

use burdock::{
    ActionError, App, Context, Position, Retry, RunErrorKind,
    action::FailureCause,
    log::{CallKind, Claim, Durability, EntryKind, Log, LogError, MemoryLog, Offset, SessionId},
    prelude::*,
};
use burdock_postgres::{
    Options, PostgresLog,
    sqlx::{self, AssertSqlSafe, Executor as _, PgConnection, Row as _},
};
use burdock_subjects::server::Server;
use futures::future::{join, join_all, join3, pending};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bill {
    pub receipts: Vec<String>,
}

/// A schema with a log and a table of payments.
#[derive(Clone)]
pub struct Shop {
    log: PostgresLog,
    schema: String,
    failures: Arc<AtomicUsize>,
}

const DURABILITIES: [Durability; 3] =
    [Durability::Item, Durability::Commit, Durability::Batch(Duration::from_millis(5))];

impl Shop {
    async fn new(schema: &str) -> Self {
        let log = options(schema).connect().await.unwrap();
        let table = format!(
            "CREATE TABLE {schema}.payments (number SERIAL PRIMARY KEY, name TEXT, refunds INT \
             REFERENCES {schema}.payments DEFERRABLE INITIALLY DEFERRED)"
        );
        Server::shared().sql(table).await;
        Self { log, schema: schema.to_owned(), failures: Arc::default() }
    }

    /// Adds a payment, and returns its name and how many there are with this name.
    async fn insert(&self, tx: &mut PgConnection, name: &str) -> sqlx::Result<String> {
        let insert = format!("INSERT INTO {}.payments (name) VALUES ($1)", self.schema);
        sqlx::query(AssertSqlSafe(insert)).bind(name).execute(&mut *tx).await?;
        let count = format!("SELECT count(*) FROM {}.payments WHERE name = $1", self.schema);
        let count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(count)).bind(name);
        Ok(format!("{name} {}", count.fetch_one(tx).await?))
    }

    async fn pay(&self, cx: &Context, name: &str) -> Result<String> {
        self.log
            .transaction(cx, name, async |tx: &mut PgConnection| self.insert(tx, name).await)
            .await
    }

    fn may_fail(&self) -> Result<()> {
        let failures = &self.failures;
        let taken =
            failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        taken.map_or(Ok(()), |_| Err(ActionError::msg("not yet")))
    }

    async fn payments(&self) -> BTreeMap<String, i64> {
        let counts = format!("SELECT name, count(*) FROM {}.payments GROUP BY name", self.schema);
        let mut connection = Server::shared().connection().await;
        let rows = sqlx::query(AssertSqlSafe(counts)).fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    async fn entries(&self, session: &str) -> Vec<EntryKind> {
        let session = SessionId::new(session).unwrap();
        let records = self.log.read(&session, Offset(0), 10_000).await.unwrap();
        records.iter().map(|record| record.entry(&session).unwrap().kind).collect()
    }
}

fn options(schema: &str) -> Options {
    Server::shared().options_of(schema).max_connections(3)
}

/// Makes transactions beside items and another call.
#[streaming_action(state = Bill, writes(receipts), yields(String))]
async fn pay(#[resource] shop: &Shop, #[context] cx: &Context) -> Result<Writes> {
    yield_!("start".to_owned());
    let first = shop.pay(cx, "first").await?;
    shop.may_fail()?;
    yield_!(first.clone());
    let (second, third, fourth) = join3(
        shop.pay(cx, "second"),
        cx.once("third", async { Ok::<_, ActionError>("third 1".to_owned()) }),
        shop.pay(cx, "fourth"),
    )
    .await;
    yield_!("end".to_owned());
    shop.may_fail()?;
    Ok(Writes { receipts: vec![first, second?, third?, fourth?] })
}

graph! {
    pub Paying(Bill) {
        resources { shop: Shop }
        yields String;
        nodes {
            #[retry(Retry::times(20).superseding().first(Duration::ZERO))]
            pay,
        }
        start pay;
        pay -> pause;
    }
}

/// Runs a child that pays.
#[action(state = Bill, writes(receipts))]
async fn delegate(#[graph] paying: Sub<'_, Paying>, #[resource] shop: &Shop) -> Result<Writes> {
    let end = paying.run("child", PayingInputs {}).await?;
    shop.may_fail()?;
    Ok(Writes { receipts: end.state().receipts.clone() })
}

graph! {
    Delegating(Bill) {
        resources { shop: Shop }
        nodes {
            #[retry(Retry::times(20).first(Duration::ZERO))]
            delegate,
        }
        start delegate;
        delegate -> pause;
    }
}

async fn open(shop: &Shop, session: &str, durability: Durability) -> App<Paying> {
    let app = Paying::app().resources(PayingResources { shop: shop.clone() }).id(session);
    app.log(shop.log.clone()).durability(durability).build().await.unwrap()
}

/// Asserts that each of `runs` paid once, and that the table and the log of the session agree.
async fn assert_paid_once(app: &App<Paying>, shop: &Shop, case: &str) {
    assert_eq!(app.state().receipts, ["first 1", "second 1", "third 1", "fourth 1"], "{case}");
    let once = ["first", "second", "fourth"].map(|name| (name.to_owned(), 1));
    assert_eq!(shop.payments().await, once.into(), "{case}");
    let recorded = shop.entries("ada").await.into_iter().filter_map(|kind| match kind {
        EntryKind::CallRecorded { kind: CallKind::Transaction, key, .. } => Some(key),
        _ => None,
    });
    assert_eq!(recorded.count(), 3, "{case}");
}

#[tokio::test]
async fn retries_make_no_transaction_twice() {
    for (index, durability) in DURABILITIES.into_iter().enumerate() {
        for failures in 0..3 {
            let shop = Shop::new(&format!("retries_{index}_{failures}")).await;
            shop.failures.store(failures, Ordering::SeqCst);
            let mut app = open(&shop, "ada", durability).await;
            app.run(PayingInputs {}).await.unwrap();
            app.flush().await.unwrap();
            assert_paid_once(&app, &shop, &format!("{durability:?}, {failures} failures")).await;
        }
    }
}

#[tokio::test]
async fn each_poll_may_be_the_last_one_before_a_crash() {
    for polls in 0_u32.. {
        let schema = format!("polls_{polls}");
        let shop = Shop::new(&schema).await;
        let mut app = open(&shop, "ada", DURABILITIES[polls as usize % 3]).await;
        let over = {
            let mut run = app.run(PayingInputs {}).into_future();
            let mut over = false;
            for _ in 0..polls {
                over = futures::poll!(&mut run).is_ready();
                if over {
                    break;
                }
                // until the run is woken, or a little later
                let _ = tokio::time::timeout(Duration::from_micros(300), pending::<()>()).await;
            }
            over
        };
        let (mut app, shop) = if polls % 2 == 0 {
            (app, shop)
        } else {
            // another process
            drop(app);
            let log = options(&schema).connect().await.unwrap();
            let shop = Shop { log, ..shop };
            (open(&shop, "ada", Durability::Commit).await, shop)
        };
        match app.position() {
            Position::Unfinished(_) => drop(app.resume().await.unwrap()),
            Position::Rest(_) if app.state().receipts.is_empty() => {
                // the start of the dropped run may have been stored
                if app.run(PayingInputs {}).await.is_err() {
                    app.resume().await.unwrap();
                }
            }
            Position::Rest(_) | Position::Ended => {}
        }
        app.flush().await.unwrap();
        assert_paid_once(&app, &shop, &format!("after {polls} polls")).await;
        if over || polls > 60 {
            break;
        }
    }
}

#[tokio::test]
async fn child_makes_transactions_in_its_own_session() {
    let shop = Shop::new("child").await;
    shop.failures.store(3, Ordering::SeqCst);
    let app = Delegating::app().resources(DelegatingResources { shop: shop.clone() }).id("ada");
    let mut app = app.log(shop.log.clone()).build().await.unwrap();
    let end = app.run(DelegatingInputs {}).await.unwrap();
    assert_eq!(end.state().receipts, ["first 1", "second 1", "third 1", "fourth 1"]);
    assert_eq!(shop.payments().await.values().sum::<i64>(), 3);
}

#[tokio::test]
async fn more_transactions_than_connections_are_made_one_after_the_other() {
    let shop = Shop::new("many").await;
    let runs = (0..20).map(|number| {
        let shop = shop.clone();
        async move {
            let mut app = open(&shop, &number.to_string(), Durability::Commit).await;
            app.run(PayingInputs {}).await.map(drop)
        }
    });
    assert!(join_all(runs).await.iter().all(std::result::Result::is_ok));
    assert!(shop.payments().await.values().all(|count| *count == 20));
}

#[tokio::test]
async fn readers_in_other_processes_are_woken() {
    let shop = Shop::new("readers").await;
    let reader = options("readers").poll_interval(Duration::from_hours(1)).connect().await.unwrap();
    let mut app = open(&shop, "ada", Durability::Commit).await;
    let mut run = app.run(PayingInputs {});
    assert_eq!(run.next().await.unwrap().unwrap(), "start");
    let (session, from) = (SessionId::new("ada").unwrap(), Offset(4));
    for log in [&reader, &shop.log] {
        tokio::select! {
            reached = log.reached(&session, from) => reached.unwrap(),
            item = run.next() => {
                assert!(item.is_some());
                log.reached(&session, from).await.unwrap();
            }
        }
    }
    let record = &reader.read(&session, from, 1).await.unwrap()[0];
    assert!(record.json.contains(r#""kind":"transaction""#), "{record:?}");
}

/// Makes the call that its input names.
#[action(state = Bill, writes(receipts))]
async fn misuse(
    #[input] how: &String,
    #[resource] shop: &Shop,
    #[context] cx: &Context,
) -> Result<Writes> {
    let (log, schema) = (&shop.log, &shop.schema);
    let first = shop.failures.fetch_add(1, Ordering::SeqCst) == 0;
    let receipt = match how.as_str() {
        "error" => {
            let failed = log.transaction(cx, "a", async |tx: &mut PgConnection| {
                shop.insert(tx, "lost").await?;
                Err::<(), _>(ActionError::msg("no"))
            });
            assert_eq!(failed.await.unwrap_err().to_string(), "no");
            shop.pay(cx, "a").await?
        }
        "panic" | "number" | "broken" | "deferred" | "fenced" | "killed at commit" if first => {
            log.transaction(cx, "a", async |tx: &mut PgConnection| {
                shop.insert(tx, "lost").await?;
                match how.as_str() {
                    "panic" => panic!("on purpose"),
                    "broken" => {
                        tx.execute("SELECT pg_terminate_backend(pg_backend_pid())").await?;
                    }
                    "deferred" => {
                        let insert = format!("INSERT INTO {schema}.payments (refunds) VALUES (77)");
                        tx.execute(AssertSqlSafe(insert)).await?;
                    }
                    "fenced" => {
                        // another process takes the session over, without waiting for this transaction
                        let other = options(schema).connect().await.unwrap();
                        other.open(&SessionId::new("ada").unwrap(), Claim::default()).await?;
                    }
                    "killed at commit" => {
                        let trigger = format!(
                            "CREATE FUNCTION {schema}.kill() RETURNS trigger LANGUAGE plpgsql AS \
                             'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
                             CREATE CONSTRAINT TRIGGER kill AFTER INSERT ON {schema}.payments \
                             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {schema}.kill();
                             INSERT INTO {schema}.payments (name) VALUES ('lost')"
                        );
                        tx.execute(AssertSqlSafe(trigger)).await?;
                    }
                    _ => return Ok(f64::NAN),
                }
                Ok::<_, ActionError>(0.0)
            })
            .await?
            .to_string()
        }
        "drop" => {
            tokio::select! {
                _ = log.transaction(cx, "a", async |tx: &mut PgConnection| {
                    shop.insert(tx, "lost").await?;
                    pending::<sqlx::Result<()>>().await
                }) => panic!("it is pending"),
                () = cx.sleep(Duration::from_millis(50)) => {}
            }
            shop.pay(cx, "a").await?
        }
        _ => shop.pay(cx, "a").await?,
    };
    Ok(Writes { receipts: vec![receipt] })
}

graph! {
    Misusing(Bill) {
        inputs { how: String }
        resources { shop: Shop }
        nodes { misuse }
        start misuse;
        misuse -> pause;
    }
}

async fn misusing(shop: &Shop, log: Option<Arc<dyn Log>>) -> App<Misusing> {
    let app = Misusing::app().resources(MisusingResources { shop: shop.clone() }).id("ada");
    match log {
        Some(log) => app.log(log).build().await.unwrap(),
        None => app.build().await.unwrap(),
    }
}

/// Fails a run, then resumes it, and asserts that only the second transaction was committed. Returns the error.
async fn fail_and_resume(how: &str) -> burdock::RunError {
    let shop = Shop::new(&format!("misuse_{}", how.replace(' ', "_"))).await;
    let mut app = misusing(&shop, Some(Arc::new(shop.log.clone()))).await;
    let error = app.run(MisusingInputs { how: how.to_owned() }).await.unwrap_err();
    assert!(shop.payments().await.is_empty(), "{how}");
    if how == "fenced" {
        app = misusing(&shop, Some(Arc::new(shop.log.clone()))).await;
    }
    let end = app.resume().await.unwrap();
    assert_eq!(end.state().receipts, ["a 1"], "{how}");
    assert_eq!(shop.payments().await, BTreeMap::from([("a".to_owned(), 1)]), "{how}");
    error
}

#[tokio::test]
async fn failed_transaction_is_rolled_back_and_can_be_made_again() {
    for how in ["panic", "number", "broken", "deferred"] {
        let error = fail_and_resume(how).await;
        let RunErrorKind::Failed(failure) = error.kind() else { panic!("{how}: {error:?}") };
        match (how, failure.cause()) {
            ("panic", FailureCause::Panic(message)) => assert_eq!(message, "on purpose"),
            (_, FailureCause::Error(error)) => assert_eq!(error.is_retryable(), how == "broken"),
            (_, cause) => panic!("{how}: {cause:?}"),
        }
    }
}

#[tokio::test]
async fn writer_that_is_fenced_within_a_transaction_commits_nothing() {
    let error = fail_and_resume("fenced").await;
    let RunErrorKind::Log { source, .. } = error.kind() else { panic!("{error:?}") };
    assert!(matches!(source, LogError::Fenced { .. }), "{source:?}");
}

#[tokio::test]
async fn commit_without_a_response_fails_the_run_and_a_resume_reads_the_log() {
    let error = fail_and_resume("killed at commit").await;
    let RunErrorKind::Log { source, .. } = error.kind() else { panic!("{error:?}") };
    assert!(matches!(source, LogError::Unavailable(_)), "{source:?}");
}

#[tokio::test]
async fn dropped_transaction_or_one_with_an_error_is_rolled_back_in_the_same_attempt() {
    for how in ["drop", "error"] {
        let shop = Shop::new(&format!("again_{how}")).await;
        let mut app = misusing(&shop, Some(Arc::new(shop.log.clone()))).await;
        let end = app.run(MisusingInputs { how: how.to_owned() }).await.unwrap();
        assert_eq!(end.state().receipts, ["a 1"], "{how}");
        assert_eq!(shop.payments().await, BTreeMap::from([("a".to_owned(), 1)]), "{how}");
    }
}

#[tokio::test]
async fn app_without_the_log_of_the_transaction_is_an_error() {
    let shop = Shop::new("others").await;
    for (log, message) in [
        (None, "the app has no log"),
        (Some(Arc::new(MemoryLog::new()) as Arc<dyn Log>), "another log than that of the app"),
    ] {
        let mut app = misusing(&shop, log).await;
        let error = app.run(MisusingInputs { how: "pay".into() }).await.unwrap_err();
        let RunErrorKind::Failed(failure) = error.kind() else { panic!("{error:?}") };
        let FailureCause::Error(error) = failure.cause() else { panic!("{failure:?}") };
        assert!(error.to_string().contains(message) && !error.is_retryable(), "{error}");
    }
    assert!(shop.payments().await.is_empty());
}

#[tokio::test]
async fn closing_the_log_does_not_wait_for_a_transaction_that_is_not_polled() {
    let shop = Shop::new("closing").await;
    let log = options("closing").operation_timeout(Duration::from_millis(200)).connect().await;
    let shop = Shop { log: log.unwrap(), ..shop };
    let mut app = misusing(&shop, Some(Arc::new(shop.log.clone()))).await;
    let run = app.run(MisusingInputs { how: "drop".into() }).into_future();
    let mut run = std::pin::pin!(run);
    let _ = tokio::time::timeout(Duration::from_millis(30), &mut run).await;
    shop.log.close().await;
    let (ended, ()) = join(run, async {}).await;
    assert!(ended.is_err());
    assert!(shop.payments().await.is_empty());
}
