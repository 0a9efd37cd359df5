//! Transactions that are in progress when their future, their attempt or their run is dropped.

use super::{Bill, File, ada, entries, insert};
use burdock::{
    ActionError, App, Context, Position, Retry, RunErrorKind,
    log::{Claim, Log, LogError},
    prelude::*,
};
use burdock_sqlite::{SqliteLog, rusqlite};
use futures::future::join;
use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};
use tokio::sync::Notify;

/// Blocks a transaction until the test opens it.
#[derive(Clone, Debug)]
struct Gate {
    entered: Arc<Notify>,
    receiver: Arc<Mutex<mpsc::Receiver<()>>>,
}

impl Gate {
    fn new() -> (mpsc::Sender<()>, Self) {
        let (sender, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        (sender, Self { entered: Arc::default(), receiver })
    }

    /// Adds a payment when the gate is open.
    fn insert(
        &self,
        name: &'static str,
    ) -> impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<String> + Send + 'static {
        let gate = self.clone();
        move |tx| {
            gate.entered.notify_one();
            gate.receiver.lock().unwrap().recv().unwrap();
            insert(name)(tx)
        }
    }
}

/// Drops a transaction in progress.
#[streaming_action(state = Bill, writes(receipts), yields(String))]
async fn leave(
    #[input] how: &String,
    #[resource] log: &SqliteLog,
    #[resource] gate: &Gate,
    #[context] cx: &Context,
) -> Result<Writes> {
    match how.as_str() {
        // the second attempt is not blocked
        "time out" | "block" => {
            Ok(Writes { receipts: vec![log.transaction(cx, "a", gate.insert("a")).await?] })
        }
        "return" | "again" | "yield" | "rolled back" => {
            let fails = how == "rolled back";
            let insert = gate.insert("a");
            let call = log.transaction(cx, "a", move |tx| match insert(tx) {
                Ok(_) if fails => Err(ActionError::msg("rolled back")),
                inserted => Ok(inserted?),
            });
            tokio::select! {
                called = call => drop(called?),
                () = gate.entered.notified() => {}
            }
            let mut receipts = Vec::new();
            if how == "yield" {
                yield_!("an item".to_owned());
            }
            if how == "again" || how == "rolled back" {
                receipts.push(log.transaction(cx, "a", insert_again()).await?);
            }
            Ok(Writes { receipts })
        }
        other => Err(ActionError::msg(other.to_owned())),
    }
}

fn insert_again() -> impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<String> + Send {
    insert("again")
}

graph! {
    Leaving(Bill) {
        inputs { how: String }
        resources { log: SqliteLog, gate: Gate }
        yields String;
        nodes {
            #[timeout(Duration::from_millis(300))]
            #[retry(Retry::times(2).first(Duration::ZERO))]
            leave,
        }
        start leave;
        leave -> pause;
    }
}

async fn leaving(log: &SqliteLog, gate: &Gate) -> App<Leaving> {
    let resources = LeavingResources { log: log.clone(), gate: gate.clone() };
    Leaving::app().resources(resources).id("ada").log(log.clone()).build().await.unwrap()
}

fn inputs(how: &str) -> LeavingInputs {
    LeavingInputs { how: how.to_owned() }
}

/// Opens the gate after some time, during which nothing may be appended.
async fn open_later(log: &SqliteLog, gate: mpsc::Sender<()>) {
    tokio::time::sleep(Duration::from_millis(50)).await;
    let before = log.info(&ada()).await.unwrap().next;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(log.info(&ada()).await.unwrap().next, before);
    gate.send(()).unwrap();
}

#[tokio::test]
async fn what_follows_a_dropped_transaction_waits_for_its_end() {
    for (how, receipts, payments) in [
        ("return", &[][..], &["a"][..]),
        ("yield", &[], &["a"]),
        ("again", &["a 1"], &["a"]),
        ("rolled back", &["again 1"], &["again"]),
    ] {
        let file = File::new();
        let log = file.log().await;
        let (sender, gate) = Gate::new();
        let mut app = leaving(&log, &gate).await;
        let (end, ()) = join(app.run(inputs(how)).into_future(), open_later(&log, sender)).await;
        assert_eq!(end.unwrap().state().receipts, receipts, "{how}");
        assert_eq!(file.payments().keys().collect::<Vec<_>>(), payments, "{how}");
        let calls =
            entries(&log).await.iter().filter(|kind| kind.name() == "call_recorded").count();
        assert_eq!(calls, payments.len(), "{how}");
    }
}

#[tokio::test]
async fn attempt_after_a_timeout_waits_for_the_transaction_and_has_its_result() {
    let file = File::new();
    let log = file.log().await;
    let (sender, gate) = Gate::new();
    let mut app = leaving(&log, &gate).await;
    let open = async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        sender.send(()).unwrap();
    };
    let (end, ()) = join(app.run(inputs("time out")).into_future(), open).await;
    assert_eq!(end.unwrap().state().receipts, ["a 1"]);
    assert_eq!(file.payments()["a"], 1);
    assert!(entries(&log).await.iter().any(|kind| kind.name() == "attempt_failed"));
}

#[tokio::test]
async fn run_after_a_dropped_run_finds_the_result_in_the_log() {
    let file = File::new();
    let log = file.log().await;
    let (sender, gate) = Gate::new();
    let mut app = leaving(&log, &gate).await;
    tokio::select! {
        _ = app.run(inputs("block")).into_future() => panic!("the gate is closed"),
        () = gate.entered.notified() => {}
    }
    assert!(matches!(app.position(), Position::Unfinished(_)));
    sender.send(()).unwrap();
    let end = app.resume().await.unwrap();
    assert_eq!(end.state().receipts, ["a 1"]);
    assert_eq!(file.payments()["a"], 1);
}

#[tokio::test]
async fn closed_log_ends_a_transaction_in_progress_first() {
    let file = File::new();
    let log = file.log().await;
    let (sender, gate) = Gate::new();
    let mut app = leaving(&log, &gate).await;
    let close = async {
        gate.entered.notified().await;
        sender.send(()).unwrap();
        log.close().await;
    };
    let (ended, ()) = join(app.run(inputs("block")).into_future(), close).await;
    let error = ended.unwrap_err();
    assert!(
        matches!(error.kind(), RunErrorKind::Log { source: LogError::Closed, .. }),
        "{error:?}"
    );
    drop(app);
    let log = file.log().await;
    let end = leaving(&log, &gate).await.resume().await.unwrap().state().clone();
    assert_eq!(end.receipts, ["a 1"]);
    assert_eq!(file.payments()["a"], 1);
}

/// Has another writer open its session before its transaction.
#[action(state = Bill, writes(receipts))]
async fn lose(#[resource] log: &SqliteLog, #[context] cx: &Context) -> Result<Writes> {
    // all entries are durable after the call
    cx.once("before", async { Ok::<_, ActionError>(()) }).await?;
    log.open(&ada(), Claim::default()).await?;
    let receipt = log.transaction(cx, "a", insert("a")).await?;
    Ok(Writes { receipts: vec![receipt] })
}

graph! {
    Losing(Bill) {
        resources { log: SqliteLog }
        nodes { lose }
        start lose;
        lose -> pause;
    }
}

#[tokio::test]
async fn fenced_writer_makes_no_transaction() {
    let file = File::new();
    let log = file.log().await;
    let app = Losing::app().resources(LosingResources { log: log.clone() }).id("ada");
    let mut app = app.log(log.clone()).build().await.unwrap();
    let error = app.run(LosingInputs {}).await.unwrap_err();
    let RunErrorKind::Log { source, .. } = error.kind() else { panic!("{error:?}") };
    assert!(matches!(source, LogError::Fenced { .. }), "{source:?}");
    assert!(file.payments().is_empty());
}
