//! Transactions of the program: its statements and the record of a call.

use crate::{
    SqliteLog,
    batch::Batch,
    error::Error,
    queue::{Batching, Schedule},
    write::WriteJob,
};
use burdock::{ActionError, Context, action::TransactionCall, log::LogError};
use futures_channel::oneshot;
use rusqlite::{ErrorCode, Transaction};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::Duration,
};

impl SqliteLog {
    /// Makes a call once in a step of an action: commits the statements of `work` and the record of the call in one
    /// transaction of this file.
    ///
    /// Another attempt at the step, in this process or in another one, returns the recorded result and does not call `work`.
    /// Unlike with [`Context::once`], no crash can separate the effect from its record, because both are in the transaction:
    /// the statements take effect exactly once. That is not true for anything else that `work` does.
    ///
    /// The app has to use this log, or another clone of it. If `work` returns an error or panics, the transaction is rolled back
    /// and nothing is recorded. The keys are those of `once`.
    ///
    /// ```
    /// use burdock::{Context, prelude::*};
    /// use burdock_sqlite::{SqliteLog, rusqlite};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Order { total: i64, payment: i64 }
    ///
    /// #[action(state = Order, reads(total), writes(payment))]
    /// async fn pay(order: Reads<'_>, #[resource] log: &SqliteLog, #[context] cx: &Context) -> Result<Writes> {
    ///     let total = *order.total;
    ///     let pay = move |tx: &rusqlite::Transaction<'_>| {
    ///         tx.execute("INSERT INTO payments (amount) VALUES (?1)", [total])?;
    ///         Ok::<_, rusqlite::Error>(tx.last_insert_rowid())
    ///     };
    ///     Ok(Writes { payment: log.transaction(cx, "pay", pay).await? })
    /// }
    ///
    /// graph! {
    ///     Orders(Order) {
    ///         resources { log: SqliteLog }
    ///         nodes { pay }
    ///         start pay;
    ///         pay -> end;
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("orders.db");
    /// let log = SqliteLog::open(&path).await?;
    /// // tables of the program are in the same file
    /// let file = rusqlite::Connection::open(&path)?;
    /// file.execute_batch("CREATE TABLE payments (number INTEGER PRIMARY KEY, amount INTEGER)")?;
    ///
    /// let resources = OrdersResources { log: log.clone() };
    /// let app = Orders::app().state(Order { total: 7, payment: 0 }).resources(resources);
    /// let mut app = app.id("order-1").log(log).build().await?;
    /// assert_eq!(app.run(OrdersInputs {}).await?.state().payment, 1);
    /// let paid: i64 = file.query_row("SELECT sum(amount) FROM payments", [], |row| row.get(0))?;
    /// assert_eq!(paid, 7);
    /// # Ok(()) }
    /// ```
    ///
    /// # The closure
    /// `work` runs on the writer thread of the log, which appends nothing in the meantime, for any session. So it must not wait
    /// for anything but its statements: not for the network, and not for a write to this log, which would never complete. Other
    /// processes that write to the file wait for it, up to their
    /// [`busy_timeout`](crate::SqliteOptions::busy_timeout). There is no time limit: if `work` does not return, the log no
    /// longer appends anything.
    ///
    /// `work` must not end the transaction, for example with `COMMIT` or `ON CONFLICT ROLLBACK`: the call then returns an error.
    /// It must not change the tables of the log: `counter`, `entries`, `epochs`, `log` and `sessions`.
    ///
    /// # Errors
    /// Returns the error of `work`, a terminal [`CallError`](burdock::action::CallError) in the cases of
    /// [`Context::once`], if the app has no log, and if it has another one, and an error of the log. If another writer has opened
    /// the session, the attempt fails and `work` is not called.
    ///
    /// # Cancel safety
    /// Dropping the future does not cancel a transaction that has started: the session waits for its end, and another call
    /// with the key returns the result if it was committed.
    pub async fn transaction<T, E>(
        &self,
        cx: &Context,
        key: impl Into<String>,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> burdock::Result<T>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        E: Into<ActionError> + Send + 'static,
    {
        let instance = self.shared().instance;
        cx.transaction_of(instance, key, async |call| {
            let (sender, reply) = oneshot::channel();
            let job = Job { call: Some(call), work: Some(work), result: None, sender };
            let shared = self.shared();
            shared.writes.push(Box::new(job), ALONE);
            shared.writes.wake_if_due();
            match reply.await {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(Failed::Work(error))) => Err(error.into()),
                Ok(Err(Failed::Panicked(panic))) => resume_unwind(panic),
                Ok(Err(Failed::Call(error))) => Err(error),
                Err(oneshot::Canceled) => Err(ActionError::new(LogError::Closed).terminal()),
            }
        })
        .await
    }
}

/// Runs a job without delay, on the writer thread, in a transaction of its own.
const ALONE: Schedule =
    Schedule { batching: Batching::Alone, max_delay: Duration::ZERO, bytes: None };

/// The reason why a transaction was rolled back.
enum Failed<E> {
    Work(E),
    Panicked(Box<dyn Any + Send>),
    /// The call was rejected or cannot be recorded.
    Call(ActionError),
}

struct Job<T, E, F> {
    /// `None` after the call has ended.
    call: Option<TransactionCall>,
    work: Option<F>,
    /// The result of the closure, and `None` before it is called.
    result: Option<Result<T, Failed<E>>>,
    sender: oneshot::Sender<Result<T, Failed<E>>>,
}

impl<T, E, F> Job<T, E, F>
where
    T: Serialize + DeserializeOwned,
    F: FnOnce(&Transaction<'_>) -> Result<T, E>,
{
    /// Runs the closure and appends the record. Returns `None` if SQLite fails outside of the closure.
    fn execute(&mut self, batch: &mut Batch<'_>) -> Result<Result<T, Failed<E>>, Error> {
        let (Some(call), Some(work), Some(transaction)) =
            (&mut self.call, self.work.take(), batch.transaction())
        else {
            return Err(LogError::Closed.into());
        };
        batch.check_writer(call.session(), call.epoch(), call.offset())?;
        let value = match catch_unwind(AssertUnwindSafe(|| work(transaction))) {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => return Ok(Err(Failed::Work(error))),
            Err(panic) => return Ok(Err(Failed::Panicked(panic))),
        };
        let call_error = |error: burdock::action::CallError| {
            Ok(Err(Failed::Call(ActionError::new(error).terminal())))
        };
        if transaction.is_autocommit() {
            return call_error(call.not_recorded("the closure has ended the transaction"));
        }
        let append = match catch_unwind(AssertUnwindSafe(|| call.append(&value))) {
            Ok(Ok(append)) => append,
            Ok(Err(error)) => return call_error(error),
            Err(panic) => return Ok(Err(Failed::Panicked(panic))),
        };
        batch.append(&append)?;
        call.commits();
        Ok(Ok(value))
    }
}

impl<T, E, F> WriteJob for Job<T, E, F>
where
    T: Serialize + DeserializeOwned + Send,
    E: Send,
    F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), Error> {
        let result = self.execute(batch)?;
        let rolled_back = result.is_err();
        self.result = Some(result);
        // the error of the result is reported
        if rolled_back { Err(LogError::Closed.into()) } else { Ok(()) }
    }

    fn complete(mut self: Box<Self>, committed: Result<(), LogError>) {
        let Some(call) = self.call.take() else { return };
        let result = match (self.result.take(), committed) {
            (Some(Ok(value)), Ok(())) => {
                call.stored();
                Ok(value)
            }
            (Some(Ok(_)), Err(error)) if !is_violation(&error) => {
                call.failed(error.clone());
                Err(Failed::Call(ActionError::new(error)))
            }
            (Some(Err(failed)), _) => {
                call.rolled_back();
                Err(failed)
            }
            (None | Some(Ok(_)), Err(error)) => Err(Failed::Call(call.rejected(error))),
            // not possible: without a result, the transaction is rolled back
            (None, Ok(())) => return,
        };
        // the caller may have dropped its future, and then the result is dropped here
        let sender = self.sender;
        let _ = catch_unwind(AssertUnwindSafe(|| drop(sender.send(result))));
    }
}

/// Returns whether a commit was rejected because of a deferred constraint.
fn is_violation(error: &LogError) -> bool {
    let LogError::Storage { source, .. } = error else { return false };
    let source = source.downcast_ref::<rusqlite::Error>();
    source.and_then(rusqlite::Error::sqlite_error_code) == Some(ErrorCode::ConstraintViolation)
}
