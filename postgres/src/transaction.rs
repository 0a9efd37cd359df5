//! Transactions of the program: its statements and the record of a call.

use crate::{
    PostgresLog, Shared,
    error::{AttemptError, Timeout},
    operations,
};
use burdock::{
    ActionError, Context,
    action::TransactionCall,
    log::{Append, LogError},
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{PgConnection, Postgres};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, timeout};

impl PostgresLog {
    /// Makes a call once in a step of an action: commits the statements of `work` and the record of the call in one
    /// transaction of the database.
    ///
    /// Another attempt at the step, in this process or on another machine, returns the recorded result and does not call
    /// `work`. Unlike with [`Context::once`], no crash can separate the effect from its record, because both are in the
    /// transaction: the statements take effect exactly once. That is not true for anything else that `work` does.
    ///
    /// The app has to use this log, or another clone of it. If `work` returns an error or panics, the transaction is rolled back
    /// and nothing is recorded. The keys are those of `once`.
    ///
    /// ```no_run
    /// use burdock::{Context, prelude::*};
    /// use burdock_postgres::{PostgresLog, sqlx::{self, PgConnection}};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Order { total: i64, payment: i64 }
    ///
    /// #[action(state = Order, reads(total), writes(payment))]
    /// async fn pay(order: Reads<'_>, #[resource] log: &PostgresLog, #[context] cx: &Context) -> Result<Writes> {
    ///     let pay = async |tx: &mut PgConnection| {
    ///         sqlx::query_scalar("INSERT INTO payments (amount) VALUES ($1) RETURNING number")
    ///             .bind(*order.total)
    ///             .fetch_one(tx)
    ///             .await
    ///     };
    ///     Ok(Writes { payment: log.transaction(cx, "pay", pay).await? })
    /// }
    ///
    /// graph! {
    ///     Orders(Order) {
    ///         resources { log: PostgresLog }
    ///         nodes { pay }
    ///         start pay;
    ///         pay -> end;
    ///     }
    /// }
    ///
    /// # async fn run() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// let log = PostgresLog::connect("postgres://app@db.example/app").await?;
    /// let resources = OrdersResources { log: log.clone() };
    /// let app = Orders::app().state(Order { total: 7, payment: 0 }).resources(resources);
    /// let mut app = app.id("order-1").log(log).build().await?;
    /// app.run(OrdersInputs {}).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # The closure
    /// Nothing else is appended to the session while `work` runs. Other sessions are not affected, and no lock of the log is held
    /// before `work` has returned: another writer can open the session, and the transaction is then rolled back. There is no time
    /// limit for `work`, except the timeout of the action. It runs in the task of the action, with the
    /// isolation level `READ COMMITTED` and the default schema of the user.
    ///
    /// `work` must not end the transaction with `COMMIT` or `ROLLBACK`, and must not change the tables of the log.
    ///
    /// # Errors
    /// Returns the error of `work`, a terminal [`CallError`](burdock::action::CallError) in the cases of
    /// [`Context::once`], if the app has no log, and if it has another one, and an error of the log. If another writer has opened
    /// the session, the attempt fails. If the database does not confirm the commit, the attempt and the run fail: a resume finds
    /// out whether it was committed.
    ///
    /// # Cancel safety
    /// Dropping the future rolls the transaction back, unless `work` has returned: then the commit continues, the session waits
    /// for it, and another call with the key returns the result.
    pub async fn transaction<T, E>(
        &self,
        cx: &Context,
        key: impl Into<String>,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
    ) -> burdock::Result<T>
    where
        T: Serialize + DeserializeOwned,
        E: Into<ActionError>,
    {
        let shared = self.shared();
        cx.transaction_of(shared.instance, key, async |mut call| {
            let mut transaction = match start(shared, &call).await {
                Ok(transaction) => transaction,
                Err(error) => return Err(call.rejected(error)),
            };
            let value = match work(&mut transaction).await {
                Ok(value) => value,
                Err(error) => {
                    // dropping it would roll it back as well, when its connection is used again
                    let _ = timeout(shared.options.operation_timeout, transaction.rollback()).await;
                    return Err(error.into());
                }
            };
            let append = call.append(&value).map_err(|error| ActionError::new(error).terminal())?;
            let commit = commit(Arc::clone(shared), transaction, call, append);
            // continues if the action is dropped
            let committed = shared.runtime.spawn(commit).await;
            committed.unwrap_or_else(|_| Err(ActionError::new(LogError::Closed).terminal()))?;
            Ok(value)
        })
        .await
    }
}

type Transaction = sqlx::Transaction<'static, Postgres>;

const FIRST_DELAY: Duration = Duration::from_millis(20);

/// Starts the transaction of a call after the appends before it are stored. Returns an error if its record would be rejected.
async fn start(shared: &Arc<Shared>, call: &TransactionCall) -> Result<Transaction, LogError> {
    shared.queues.flush(call.session()).await;
    let limit = shared.options.operation_timeout;
    let deadline = Instant::now() + limit;
    let mut delay = FIRST_DELAY;
    loop {
        if shared.is_closed() {
            return Err(LogError::Closed);
        }
        let attempt = async {
            let mut transaction = shared.database.start_transaction().await?;
            let (session, epoch, at) = (call.session(), call.epoch(), call.offset());
            operations::check_writer(shared, &mut transaction, session, epoch, at).await?;
            Ok(transaction)
        };
        let source = match timeout(limit / 2, attempt).await {
            Ok(Ok(transaction)) => return Ok(transaction),
            Ok(Err(AttemptError::Permanent(error))) => return Err(error),
            Ok(Err(AttemptError::Transient(source))) => source,
            Err(_) => Arc::new(Timeout::Response(limit / 2)),
        };
        if Instant::now() + delay >= deadline {
            return Err(LogError::Unavailable(source));
        }
        sleep(delay).await;
        delay *= 2;
    }
}

/// Appends the record of a call and commits its transaction.
async fn commit(
    shared: Arc<Shared>,
    mut transaction: Transaction,
    mut call: TransactionCall,
    append: Append,
) -> Result<(), ActionError> {
    let limit = shared.options.operation_timeout;
    let appending = operations::append_in(&shared, &mut transaction, &append);
    let progress = match timeout(limit, appending).await {
        Ok(Ok(progress)) => progress,
        // without a commit, the database rolls it back
        Ok(Err(AttemptError::Permanent(error))) => return Err(call.rejected(error)),
        Ok(Err(AttemptError::Transient(source))) => {
            return Err(call.rejected(LogError::Unavailable(source)));
        }
        Err(_) => {
            let timeout = Arc::new(Timeout::Response(limit));
            return Err(call.rejected(LogError::Unavailable(timeout)));
        }
    };
    call.commits();
    let error = match timeout(limit, transaction.commit()).await {
        Ok(Ok(())) => {
            let (key, next) = progress;
            shared.notify(key, next);
            call.stored();
            return Ok(());
        }
        Ok(Err(error)) if is_rejection(&error) => {
            return Err(call.rejected(match AttemptError::from_driver(error) {
                AttemptError::Permanent(error) => error,
                AttemptError::Transient(source) => LogError::Unavailable(source),
            }));
        }
        Ok(Err(error)) => LogError::Unavailable(Arc::new(error)),
        Err(_) => LogError::Unavailable(Arc::new(Timeout::Response(limit))),
    };
    call.failed(error.clone());
    Err(ActionError::new(error))
}

/// Returns whether the database has rejected a commit, for example because of a deferred constraint or a conflict. Otherwise,
/// it may have committed.
fn is_rejection(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with("23") || code.starts_with("40"))
}
