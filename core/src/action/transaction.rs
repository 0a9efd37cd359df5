//! Calls whose results a log stores in transactions of its own.

use super::{
    ActionError, Result,
    once::{CallError, OpenCall, from_record, result_json},
};
use crate::{
    Context,
    log::{
        Append, BareEntryRef, CallKind, CallRecord, Epoch, LogError, LogInstance, Offset, Place,
        SessionId,
    },
    stream::TransactionEnd,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{fmt, future::poll_fn, mem, sync::Arc};

impl Context {
    /// Makes a call once in this step, whose result the log of the app stores itself, together with other changes of its
    /// storage. For authors of logs.
    ///
    /// If the step has recorded the call, returns the recorded result. Otherwise, calls `run` with the
    /// [place](TransactionCall) of the record. Until that is dropped, nothing else is appended to the session: items, other calls
    /// and the commit of the step wait. The record is an append like any other: the log first stores those before it.
    ///
    /// `log` is the [instance](crate::Log::instance) of the log that stores the record.
    ///
    /// ```
    /// use burdock::{Context, Log, log::{LogError, LogInstance, MemoryLog}, prelude::*};
    /// # use burdock::log::*;
    /// # use serde::{Deserialize, Serialize, de::DeserializeOwned};
    /// # use std::sync::{Arc, Mutex};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # struct Bill { paid: usize }
    /// /// A log with a table of payments.
    /// #[derive(Clone, Debug)]
    /// struct Shop {
    ///     log: MemoryLog,
    ///     payments: Arc<Mutex<Vec<String>>>,
    ///     instance: LogInstance,
    /// }
    ///
    /// impl Shop {
    ///     /// Adds a payment and the record of the call at the same time.
    ///     async fn pay(&self, cx: &Context, payment: &str) -> Result<usize> {
    ///         cx.transaction_of(self.instance, "pay", async |mut call| {
    ///             let number = self.payments.lock().unwrap().len() + 1;
    ///             let append = call.append(&number)?; // names the session, the epoch and the offset
    ///             // a database would add the entry and the payment in one transaction
    ///             call.commits();
    ///             self.log.append(append).await?;
    ///             self.payments.lock().unwrap().push(payment.to_owned());
    ///             call.stored();
    ///             Ok(number)
    ///         })
    ///         .await
    ///     }
    /// }
    ///
    /// impl Log for Shop {
    ///     fn instance(&self) -> Option<LogInstance> {
    ///         Some(self.instance)
    ///     }
    ///     // every other method calls that of `self.log`
    /// #   fn append(&self, append: Append) -> LogFuture<()> { self.log.append(append) }
    /// #   fn open(&self, session: &SessionId, claim: Claim) -> LogFuture<Opened> { self.log.open(session, claim) }
    /// #   fn read(&self, session: &SessionId, from: Offset, limit: usize) -> LogFuture<Vec<Record>> {
    /// #       self.log.read(session, from, limit)
    /// #   }
    /// #   fn reached(&self, session: &SessionId, offset: Offset) -> LogFuture<()> {
    /// #       self.log.reached(session, offset)
    /// #   }
    /// #   fn info(&self, session: &SessionId) -> LogFuture<SessionInfo> { self.log.info(session) }
    /// #   fn sessions(&self, filter: SessionFilter) -> LogFuture<Vec<SessionInfo>> { self.log.sessions(filter) }
    /// #   fn epochs(&self, session: &SessionId) -> LogFuture<Vec<EpochStart>> { self.log.epochs(session) }
    /// #   fn release(&self, session: &SessionId, epoch: Epoch) -> LogFuture<()> { self.log.release(session, epoch) }
    /// #   fn trim(&self, session: &SessionId, before: Offset) -> LogFuture<()> { self.log.trim(session, before) }
    /// #   fn delete(&self, session: &SessionId) -> LogFuture<()> { self.log.delete(session) }
    /// }
    ///
    /// #[action(state = Bill, writes(paid))]
    /// async fn pay(#[resource] shop: &Shop, #[context] cx: &Context) -> Result<Writes> {
    ///     Ok(Writes { paid: shop.pay(cx, "two cups").await? })
    /// }
    /// # graph! { Cafe(Bill) { resources { shop: Shop } nodes { pay } start pay; pay -> pause; } }
    ///
    /// # futures::executor::block_on(async {
    /// # let (log, payments, instance) = (MemoryLog::new(), Arc::default(), LogInstance::unique());
    /// let shop = Shop { log, payments, instance };
    /// let mut app = Cafe::app().resources(CafeResources { shop: shop.clone() }).log(shop).build().await?;
    /// assert_eq!(app.run(CafeInputs {}).await?.state().paid, 1);
    /// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// Returns the error of `run`, and a terminal [`CallError`] in the cases of [`once`](Self::once), if the app has no log, and
    /// if `log` is not that of the app.
    ///
    /// # Cancel safety
    /// Dropping the returned future drops that of `run`. If the [`TransactionCall`] lives on in the log, the session waits for its
    /// end, and another call with the key returns the result if it was stored.
    pub async fn transaction_of<T, F>(
        &self,
        log: LogInstance,
        key: impl Into<String>,
        run: impl FnOnce(TransactionCall) -> F,
    ) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Result<T>>,
    {
        let (call, recorded) = self.open_call(key.into()).await.map_err(CallError::into_action)?;
        if let Some(record) = recorded {
            let result = match &record {
                CallRecord::Transaction(result) => from_record(call.key(), self.node(), result),
                other => Err(call.other_kind(other, "transaction").into_action()),
            };
            call.returned();
            return result;
        }
        let reserved = self.reserve(log, &call).await.map_err(CallError::into_action)?;
        // an error is not recorded: the call may be made again, also in this attempt
        let value = run(reserved).await?;
        // the run continues after the record
        let stored = call.stored().await;
        call.returned();
        stored.map(|_| value).map_err(CallError::into_action)
    }

    /// Waits until the call has the next place of the log.
    async fn reserve(
        &self,
        log: LogInstance,
        call: &OpenCall<'_>,
    ) -> Result<TransactionCall, CallError> {
        let (key, node) = (call.key().to_owned(), self.node());
        match self.home.log() {
            None => return Err(CallError::NoLog { key, node }),
            Some(known) if known.instance() != Some(log) => {
                return Err(CallError::OtherLog { key, node });
            }
            Some(_) => {}
        }
        self.control.reserve_place(self.serial, &key);
        let place = poll_fn(|cx| self.control.poll_place(self.serial, &key, cx.waker())).await;
        let place = place.map_err(|reason| call.error(reason))?;
        let outcome = Outcome::RolledBack;
        Ok(TransactionCall { context: self.clone(), key, place, record: None, outcome })
    }
}

/// The place of the record of a call, which a log stores in a transaction of its own.
///
/// Nothing else is appended to the session until it is dropped. If it is dropped before [`commits`](Self::commits), nothing
/// was stored, and the session continues.
#[must_use = "dropping it ends the call"]
pub struct TransactionCall {
    context: Context,
    key: String,
    place: Place,
    /// The record, and the size of its entry.
    record: Option<(Value, usize)>,
    outcome: Outcome,
}

/// The end of a transaction, as far as it is known.
enum Outcome {
    RolledBack,
    Unknown,
    Stored,
    Failed(LogError),
}

#[derive(Debug, thiserror::Error)]
#[error("the commit of a transaction was not confirmed")]
struct Unconfirmed;

impl TransactionCall {
    /// Returns the session.
    pub fn session(&self) -> &SessionId {
        self.place.session()
    }

    /// Returns the epoch of the writer.
    pub fn epoch(&self) -> Epoch {
        self.place.epoch()
    }

    /// Returns the offset of the record.
    pub fn offset(&self) -> Offset {
        self.place.offset()
    }

    /// Returns the append of the record of the call with this result. The log stores it in its transaction, if the session
    /// still has this [epoch](Self::epoch) and this [offset](Self::offset) is the next one.
    ///
    /// # Errors
    /// Returns [`CallError::NotRecorded`] if the result cannot be recorded.
    pub fn append<T: Serialize + DeserializeOwned>(
        &mut self,
        result: &T,
    ) -> Result<Append, CallError> {
        let json = result_json(result).map_err(|reason| self.not_recorded(reason))?;
        let append = self.place.append(&BareEntryRef::CallRecorded {
            step: self.context.step,
            node: self.context.node(),
            attempt: self.context.attempt,
            key: &self.key,
            kind: CallKind::Transaction,
            result: &json,
        });
        let append = append.map_err(|error| self.not_recorded(error.to_string()))?;
        let bytes = append.entries.iter().map(|entry| entry.json.len()).sum();
        self.record = Some((json, bytes));
        Ok(append)
    }

    /// Returns the error of a call that cannot be recorded for this reason.
    pub fn not_recorded(&self, reason: impl Into<String>) -> CallError {
        let (key, node, reason) = (self.key.clone(), self.context.node(), reason.into());
        CallError::NotRecorded { key, node, reason }
    }

    /// Called before the commit. From now on, dropping this without [`stored`](Self::stored) or
    /// [`rolled_back`](Self::rolled_back) means that the record may or may not be stored: the attempt fails, and the session is
    /// read again before the next one.
    pub fn commits(&mut self) {
        self.outcome = Outcome::Unknown;
    }

    /// Ends the call: the [append](Self::append) is durable.
    pub fn stored(mut self) {
        self.outcome = Outcome::Stored;
    }

    /// Ends the call: nothing was stored.
    pub fn rolled_back(mut self) {
        self.outcome = Outcome::RolledBack;
    }

    /// Ends the call with an error of the log. Nothing can be appended to the session until it is opened again: the attempt
    /// fails with this error.
    pub fn failed(mut self, error: LogError) {
        self.outcome = Outcome::Failed(error);
    }

    /// Ends the call with an error with which the log has rejected the transaction. Nothing was stored. Returns the error of the
    /// action.
    pub fn rejected(self, error: LogError) -> ActionError {
        match error {
            LogError::Fenced { .. } | LogError::Misplaced { .. } | LogError::Closed => {
                self.failed(error.clone());
            }
            _ => self.rolled_back(),
        }
        let retryable = error.is_retryable();
        let error = ActionError::new(error);
        if retryable { error } else { error.terminal() }
    }
}

impl Drop for TransactionCall {
    fn drop(&mut self) {
        let end = match (mem::replace(&mut self.outcome, Outcome::RolledBack), self.record.take()) {
            (Outcome::Stored, Some((result, bytes))) => {
                TransactionEnd::Stored(CallRecord::of(CallKind::Transaction, result), bytes)
            }
            (Outcome::RolledBack | Outcome::Stored, _) => TransactionEnd::RolledBack,
            (Outcome::Unknown, _) => {
                TransactionEnd::Failed(LogError::Unavailable(Arc::new(Unconfirmed)))
            }
            (Outcome::Failed(error), _) => TransactionEnd::Failed(error),
        };
        self.context.control.end_transaction(self.context.serial, &self.key, end);
    }
}

impl fmt::Debug for TransactionCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactionCall")
            .field("key", &self.key)
            .field("session", self.session())
            .field("epoch", &self.epoch())
            .field("offset", &self.offset())
            .finish_non_exhaustive()
    }
}
