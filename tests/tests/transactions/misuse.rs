//! Errors of transactions.

use super::{Bill, File, Paying, PayingInputs, PayingResources, entries, insert, pay};
use burdock::{
    ActionError, App, Context, RunError, RunErrorKind,
    action::{CallError, FailureCause},
    log::{Log, MemoryLog},
    prelude::*,
};
use burdock_sqlite::{SqliteLog, rusqlite};
use futures::future::join;
use serde_json::json;

/// Makes the calls that its input names.
#[action(state = Bill, writes(receipts))]
async fn misuse(
    #[input] how: String,
    #[resource] log: &SqliteLog,
    #[context] cx: &Context,
) -> Result<Writes> {
    let call = |key: &'static str| log.transaction(cx, key, insert(key));
    let receipts = match how.as_str() {
        "twice" => vec![call("a").await?, call("a").await?],
        "twice at once" => {
            let (one, other) = join(call("a"), call("a")).await;
            vec![one?, other?]
        }
        "key of once" => {
            cx.once("a", async { Ok::<_, ActionError>(1) }).await?;
            vec![call("a").await?]
        }
        "not a number" => {
            let number = log.transaction(cx, "a", |tx| insert("a")(tx).map(|_| f64::NAN)).await?;
            vec![number.to_string()]
        }
        "huge" => {
            let huge =
                |tx: &rusqlite::Transaction<'_>| insert("a")(tx).map(|_| "x".repeat(65 << 20));
            vec![log.transaction(cx, "a", huge).await?]
        }
        "commits" => {
            let commits = |tx: &rusqlite::Transaction<'_>| tx.execute_batch("COMMIT");
            log.transaction(cx, "a", commits).await?;
            Vec::new()
        }
        "rolls back" => {
            let conflict = |tx: &rusqlite::Transaction<'_>| {
                insert("a")(tx)?;
                let again = "INSERT OR ROLLBACK INTO payments (number) SELECT number FROM payments";
                // the closure ignores the error
                drop(tx.execute(again, []));
                Ok::<_, rusqlite::Error>(())
            };
            log.transaction(cx, "a", conflict).await?;
            Vec::new()
        }
        "deferred" => {
            let deferred = |tx: &rusqlite::Transaction<'_>| {
                tx.execute_batch(
                    "CREATE TABLE parts (payment REFERENCES payments DEFERRABLE INITIALLY DEFERRED);
                     INSERT INTO parts VALUES (77)",
                )
            };
            log.transaction(cx, "a", deferred).await?;
            Vec::new()
        }
        "after an error" => {
            let failed = log.transaction(cx, "a", |tx| {
                insert("a")(tx)?;
                Err::<(), _>(ActionError::msg("no"))
            });
            assert_eq!(failed.await.unwrap_err().to_string(), "no");
            vec![call("a").await?]
        }
        "in a task" => {
            let (log, cx) = (log.clone(), cx.clone());
            let task = tokio::spawn(async move { log.transaction(&cx, "a", insert("a")).await });
            vec![task.await.unwrap()?]
        }
        "panics" => {
            let panics = |tx: &rusqlite::Transaction<'_>| {
                insert("a")(tx).unwrap();
                panic!("on purpose");
                #[expect(unreachable_code, reason = "the type of the closure")]
                Ok::<String, rusqlite::Error>(String::new())
            };
            vec![log.transaction(cx, "a", panics).await?]
        }
        _ => panic!("{how}"),
    };
    Ok(Writes { receipts })
}

graph! {
    Misusing(Bill) {
        inputs { how: String }
        resources { log: SqliteLog }
        nodes { misuse }
        start misuse;
        misuse -> pause;
    }
}

async fn misusing(log: &SqliteLog) -> App<Misusing> {
    let app = Misusing::app().resources(MisusingResources { log: log.clone() }).id("ada");
    app.log(log.clone()).build().await.unwrap()
}

fn inputs(how: &str) -> MisusingInputs {
    MisusingInputs { how: how.to_owned() }
}

fn cause(error: &RunError) -> &FailureCause {
    match error.kind() {
        RunErrorKind::Failed(failure) => failure.cause(),
        other => panic!("{other:?}"),
    }
}

fn action_error(error: &RunError) -> &ActionError {
    match cause(error) {
        FailureCause::Error(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn misuse_is_a_terminal_error_that_names_the_call_and_leaves_the_session_usable() {
    for (how, message, payments) in [
        ("twice", "two calls of node `misuse` have the key `a`", 1),
        ("twice at once", "two calls of node `misuse` have the key `a`", 1),
        ("key of once", "two calls of node `misuse` have the key `a`", 0),
        ("not a number", "call `a` of node `misuse` cannot be recorded: ", 0),
        ("huge", "call `a` of node `misuse` cannot be recorded: an entry of ", 0),
        ("commits", "call `a` of node `misuse` cannot be recorded: the closure ", 0),
        ("rolls back", "call `a` of node `misuse` cannot be recorded: the closure ", 0),
        ("deferred", "the log cannot be stored: SQLite error", 0),
    ] {
        let file = File::new();
        let log = file.log().await;
        let mut app = misusing(&log).await;
        let error = app.run(inputs(how)).await.unwrap_err();
        let cause = action_error(&error);
        assert!(cause.to_string().starts_with(message), "{how}: {cause}");
        assert!(!cause.is_retryable(), "{how}");
        assert_eq!(file.payments().values().sum::<u32>(), payments, "{how}");
        // another run
        let end = app.restart(inputs("in a task")).await.unwrap();
        assert_eq!(end.state().receipts, [format!("a {}", payments + 1)], "{how}");
        app.close().await.unwrap();
    }
}

#[tokio::test]
async fn error_rolls_back_and_is_not_recorded() {
    let file = File::new();
    let log = file.log().await;
    let end = misusing(&log).await.run(inputs("after an error")).await.unwrap().state().clone();
    assert_eq!(end.receipts, ["a 1"]);
    let calls = entries(&log).await.iter().filter(|kind| kind.name() == "call_recorded").count();
    assert_eq!((file.payments()["a"], calls), (1, 1));
}

#[tokio::test]
async fn panic_rolls_back_and_leaves_the_log_usable() {
    let file = File::new();
    let log = file.log().await;
    let mut app = misusing(&log).await;
    let error = app.run(inputs("panics")).await.unwrap_err();
    assert!(matches!(cause(&error), FailureCause::Panic(message) if message == "on purpose"));
    assert!(file.payments().is_empty());
    let end = app.restart(inputs("in a task")).await.unwrap();
    assert_eq!(end.state().receipts, ["a 1"]);
}

#[tokio::test]
async fn app_without_the_log_of_the_transaction_is_an_error() {
    let (file, other) = (File::new(), File::new());
    let (log, other) = (file.log().await, other.log().await);
    // another handle of the same file is another log
    let again = file.log().await;
    let resources = || MisusingResources { log: log.clone() };
    let app = || Misusing::app().resources(resources()).id("ada");
    for (mut app, message) in [
        (app().build().await.unwrap(), "the app has no log"),
        (app().log(MemoryLog::new()).build().await.unwrap(), "another log than that of the app"),
        (app().log(other).build().await.unwrap(), "another log than that of the app"),
        (app().log(again).build().await.unwrap(), "another log than that of the app"),
    ] {
        let error = app.run(inputs("in a task")).await.unwrap_err();
        let cause = action_error(&error);
        assert!(cause.to_string().contains(message), "{cause}");
        assert!(cause.downcast_ref::<CallError>().is_some() && !cause.is_retryable());
    }
    assert!(file.payments().is_empty());
    // a handle of the log may be wrapped
    let shared: std::sync::Arc<dyn Log> = std::sync::Arc::new(log.clone());
    let mut app = app().log(shared).build().await.unwrap();
    assert_eq!(app.restart(inputs("in a task")).await.unwrap().state().receipts, ["a 1"]);
}

/// Keeps a context beyond its attempt.
#[action(state = Bill, writes(receipts))]
async fn outlive(
    #[resource] log: &SqliteLog,
    #[resource] contexts: &tokio::sync::mpsc::UnboundedSender<Context>,
    #[context] cx: &Context,
) -> Result<Writes> {
    contexts.send(cx.clone()).unwrap();
    Ok(Writes { receipts: vec![log.transaction(cx, "a", insert("a")).await?] })
}

graph! {
    Outliving(Bill) {
        resources { log: SqliteLog, contexts: tokio::sync::mpsc::UnboundedSender<Context> }
        nodes { outlive }
        start outlive;
        outlive -> pause;
    }
}

#[tokio::test]
async fn context_of_an_attempt_that_is_over_makes_no_transaction() {
    let file = File::new();
    let log = file.log().await;
    let (contexts, mut late) = tokio::sync::mpsc::unbounded_channel();
    let resources = OutlivingResources { log: log.clone(), contexts };
    let app = Outliving::app().resources(resources).id("ada").log(log.clone());
    let mut app = app.build().await.unwrap();
    app.run(OutlivingInputs {}).await.unwrap();
    let cx = late.recv().await.unwrap();
    let error = log.transaction(&cx, "b", insert("b")).await.unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(CallError::Over { key, .. }) if key == "b"));
    assert_eq!(file.payments().len(), 1);
}

#[tokio::test]
async fn recorded_transaction_is_not_made_in_a_test_of_the_action() {
    let file = File::new();
    let bill = Bill::default();
    let test = || {
        pay::test(&bill)
            .resource("failures", super::Failures::default())
            .recorded_transaction("first", json!("first 7"))
            .recorded_transaction("second", json!("second 7"))
            .recorded_transaction("fourth", json!("fourth 7"))
    };
    let log = file.log().await;
    let (_, writes) = test().resource("log", log.clone()).await;
    assert_eq!(writes.unwrap().receipts, ["first 7", "second 7", "third 1", "fourth 7"]);
    // a call of another kind under the key
    let (_, writes) = test().resource("log", log).recorded_call("first", json!("first 7")).await;
    let error = writes.err().unwrap();
    let message = "call `first` of node `pay` is recorded as `once`, not as `transaction`";
    assert_eq!(error.to_string(), message);
    assert!(file.payments().is_empty());
}

#[tokio::test]
async fn transaction_fits_behind_a_large_queue_of_other_sessions() {
    let file = File::new();
    let log = file.log().await;
    let runs = (0..20).map(|number| {
        let resources = PayingResources { log: log.clone(), failures: super::Failures::default() };
        let app = Paying::app().resources(resources).id(format!("{number}")).log(log.clone());
        async move { app.build().await.unwrap().run(PayingInputs {}).await.unwrap().state().clone() }
    });
    for state in futures::future::join_all(runs).await {
        assert_eq!(state.receipts.len(), 5);
    }
    assert!(file.payments().values().all(|count| *count == 20));
}
