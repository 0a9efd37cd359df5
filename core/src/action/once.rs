//! Calls: effects whose results a step records, so that another attempt does not repeat them.

use super::{ActionError, Result};
use crate::{
    Context,
    log::{CallKind, CallRecord},
    state::{read, to_json, unreadable},
    stream::{CallStart, NewCall, NotStored},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{any::type_name, future::poll_fn};

impl Context {
    /// Makes a call once in this step: its result is recorded in the log before it is returned, and another attempt at the
    /// step returns the recorded result without polling `future`.
    ///
    /// This holds for retries, for a resume after a crash, a stop or a failure, and in another process. Without a log, it
    /// holds as long as the app lives. An error of `future` is not recorded.
    ///
    /// A crash between the effect and the record repeats the effect. Pass [`key_of`](Self::key_of) to the other side, as an
    /// idempotency key.
    ///
    /// The key identifies the call in the step. Calls may run at the same time, in any order; two calls with one key in one
    /// attempt are an error. The result is kept until the step is committed, or another node runs.
    ///
    /// ```
    /// use burdock::{Context, Retry, prelude::*};
    /// # use serde::{Deserialize, Serialize};
    /// # use std::sync::atomic::{AtomicU32, Ordering};
    /// # #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    /// # struct Bill { total: u32, receipt: String }
    /// # static PAYMENTS: AtomicU32 = AtomicU32::new(0);
    /// # static MAILS: AtomicU32 = AtomicU32::new(0);
    /// # async fn charge(total: u32, _key: &str) -> Result<String> {
    /// #     let number = PAYMENTS.fetch_add(1, Ordering::Relaxed);
    /// #     Ok(format!("payment {number} of {total}"))
    /// # }
    /// # async fn mail(_receipt: &str) -> Result<()> {
    /// #     let number = MAILS.fetch_add(1, Ordering::Relaxed);
    /// #     if number == 0 { Err(burdock::ActionError::msg("the mail server is busy")) } else { Ok(()) }
    /// # }
    ///
    /// #[action(state = Bill, reads(total), writes(receipt))]
    /// async fn pay(bill: Reads<'_>, #[context] cx: &Context) -> Result<Writes> {
    ///     let key = cx.key_of("charge"); // if the process dies right after the charge
    ///     let receipt = cx.once("charge", charge(*bill.total, &key)).await?;
    ///     mail(&receipt).await?; // fails the first time: the step is retried, and the charge is not repeated
    ///     Ok(Writes { receipt })
    /// }
    ///
    /// graph! {
    ///     Paying(Bill) {
    ///         nodes {
    ///             #[retry(Retry::times(3).first(std::time::Duration::ZERO))]
    ///             pay,
    ///         }
    ///         start pay;
    ///         pay -> end;
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// let mut app = Paying::app().state(Bill { total: 7, ..Bill::default() }).build().await?;
    /// let end = app.run(PayingInputs {}).await?;
    /// assert_eq!(end.state().receipt, "payment 0 of 7");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns the error of `future`, and a terminal [`CallError`] if the key is used twice, if the recorded result is not a
    /// `T` or of a call of another kind, if the result cannot be recorded, or if the attempt is over. If the log fails, the attempt fails.
    ///
    /// # Cancel safety
    /// Dropping the returned future drops `future`. If that had completed, its result may be recorded; another call with the key
    /// then returns it.
    pub async fn once<T, E>(
        &self,
        key: impl Into<String>,
        future: impl Future<Output = std::result::Result<T, E>>,
    ) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
        E: Into<ActionError>,
    {
        let (call, recorded) = self.open_call(key.into()).await.map_err(CallError::into_action)?;
        if let Some(record) = recorded {
            let result = match &record {
                CallRecord::Once(result) => from_record(call.key(), self.node(), result),
                other => Err(call.other_kind(other, "once").into_action()),
            };
            call.returned();
            return result;
        }
        // an error is not recorded: the call may be made again, also in this attempt
        let value = future.await.map_err(Into::into)?;
        let result = call.record_value(CallKind::Once, value).await.map_err(CallError::into_action);
        call.returned();
        result
    }

    /// Starts a call of this attempt. Also returns its record if an earlier attempt has made it.
    pub(crate) async fn open_call(
        &self,
        key: String,
    ) -> Result<(OpenCall<'_>, Option<CallRecord>), CallError> {
        let node = self.node();
        loop {
            let start = self.control.start_call(self.serial, self.step, &key);
            let call = |key| OpenCall { context: self, key, returned: false };
            match start {
                CallStart::Repeated => return Err(CallError::Repeated { key, node }),
                CallStart::Over => return Err(CallError::Over { key, node }),
                CallStart::New => return Ok((call(key), None)),
                CallStart::Recorded(record) => return Ok((call(key), Some(record))),
                CallStart::Waiting => {
                    let call = call(key.clone());
                    match call.poll_stored().await {
                        // a transaction whose future was dropped: the call may be made again
                        Err(NotStored::RolledBack) => {}
                        stored => {
                            let record = stored.map_err(|reason| call.error(reason))?;
                            return Ok((call, Some(record)));
                        }
                    }
                }
            }
        }
    }
}

/// A call of an attempt, from its start until it returns. Dropping it frees its key.
#[derive(Debug)]
pub(crate) struct OpenCall<'a> {
    context: &'a Context,
    key: String,
    returned: bool,
}

impl OpenCall<'_> {
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Ends the call: its key cannot be used again in this attempt.
    pub(crate) fn returned(mut self) {
        self.returned = true;
    }

    /// Records the result of the call, and returns it.
    async fn record_value<T: Serialize + DeserializeOwned>(
        &self,
        kind: CallKind,
        value: T,
    ) -> Result<T, CallError> {
        let json = result_json(&value).map_err(|reason| self.not_recorded(reason))?;
        self.record(NewCall::Result(kind, json), None).await?;
        Ok(value)
    }

    /// Records a part of the call, whose record so far is `before`. Returns the record.
    pub(crate) async fn record(
        &self,
        call: NewCall,
        before: Option<&CallRecord>,
    ) -> Result<CallRecord, CallError> {
        let Context { control, serial, home, .. } = self.context;
        if control.has_log() {
            control.submit_call(*serial, &self.key, call);
            return self.stored().await;
        }
        let record = call.into_record(before, |prefix| home.unlogged_child(prefix));
        let record = record.map_err(|error| self.not_recorded(error.to_string()))?;
        if control.keep_call(*serial, &self.key, record.clone()) {
            Ok(record)
        } else {
            Err(self.over())
        }
    }

    /// Waits until the log has the record of the call.
    pub(super) async fn stored(&self) -> Result<CallRecord, CallError> {
        self.poll_stored().await.map_err(|reason| self.error(reason))
    }

    async fn poll_stored(&self) -> Result<CallRecord, NotStored> {
        let Context { control, serial, .. } = self.context;
        poll_fn(|cx| control.poll_call(*serial, &self.key, cx.waker())).await
    }

    pub(super) fn error(&self, reason: NotStored) -> CallError {
        match reason {
            NotStored::Refused(error) => self.not_recorded(error.to_string()),
            NotStored::RolledBack | NotStored::Over => self.over(),
        }
    }

    fn over(&self) -> CallError {
        CallError::Over { key: self.key.clone(), node: self.context.node() }
    }

    pub(crate) fn not_recorded(&self, reason: String) -> CallError {
        CallError::NotRecorded { key: self.key.clone(), node: self.context.node(), reason }
    }

    /// Returns the error of a call whose record is of another kind.
    pub(crate) fn other_kind(&self, found: &CallRecord, expected: &'static str) -> CallError {
        let (key, node) = (self.key.clone(), self.context.node());
        CallError::OtherKind { key, node, expected, found: found.kind() }
    }
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        if !self.returned {
            self.context.control.abandon_call(self.context.serial, &self.key);
        }
    }
}

/// Returns the JSON of a result, or the reason why it cannot be recorded.
pub(super) fn result_json<T: Serialize + DeserializeOwned>(value: &T) -> Result<Value, String> {
    let json = to_json(value).and_then(|json| match read::<T>(&json) {
        Ok(_) => Ok(json),
        Err(error) => Err(unreadable(error.inner())),
    });
    json.map_err(|error| error.to_string())
}

/// Returns the value of a recorded result.
pub(super) fn from_record<T: DeserializeOwned>(
    key: &str,
    node: &'static str,
    json: &Value,
) -> Result<T> {
    read(json).map_err(|error| {
        let (key, reason) = (key.to_owned(), error.to_string());
        CallError::OtherType { key, node, expected: type_name::<T>(), reason }.into_action()
    })
}

/// An error of a call, such as [`Context::once`]. It is terminal: another attempt has it again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// Two calls of one attempt have the same key.
    #[error("two calls of node `{node}` have the key `{key}`")]
    Repeated {
        /// The key.
        key: String,
        /// The node.
        node: &'static str,
    },
    /// The log has a result of another type under the key.
    #[error("the recorded result of call `{key}` of node `{node}` is not a `{expected}`: {reason}")]
    OtherType {
        /// The key.
        key: String,
        /// The node.
        node: &'static str,
        /// The type that the call returns.
        expected: &'static str,
        /// The message of serde.
        reason: String,
    },
    /// The log has a call of another kind under the key.
    #[error("call `{key}` of node `{node}` is recorded as `{found}`, not as `{expected}`")]
    OtherKind {
        /// The key.
        key: String,
        /// The node.
        node: &'static str,
        /// The kind of the call: `once`, `transaction` or `child`.
        expected: &'static str,
        /// The kind that is recorded.
        found: &'static str,
    },
    /// The result cannot be recorded. The effect of the call has happened, unless it is a transaction, which is rolled back.
    #[error("call `{key}` of node `{node}` cannot be recorded: {reason}")]
    NotRecorded {
        /// The key.
        key: String,
        /// The node.
        node: &'static str,
        /// The reason.
        reason: String,
    },
    /// The call is a transaction of a log, and the app has no log.
    #[error(
        "call `{key}` of node `{node}` is a transaction of a log, and the app has no log: set it with `.log(…)`"
    )]
    NoLog {
        /// The key.
        key: String,
        /// The node.
        node: &'static str,
    },
    /// The call is a transaction of another log than that of the app.
    #[error(
        "call `{key}` of node `{node}` is a transaction of another log than that of the app: use a clone of the handle \
         that was passed to `.log(…)`"
    )]
    OtherLog {
        /// The key.
        key: String,
        /// The node.
        node: &'static str,
    },
    /// The attempt is over: the context was used by a task or a thread that outlives it. If the call was in progress when the
    /// attempt ended, its effect may have happened.
    #[error("the attempt of node `{node}` was over before the result of call `{key}` was recorded")]
    Over {
        /// The key.
        key: String,
        /// The node.
        node: &'static str,
    },
}

impl CallError {
    /// Returns the key of the call.
    pub fn key(&self) -> &str {
        match self {
            Self::Repeated { key, .. }
            | Self::OtherType { key, .. }
            | Self::OtherKind { key, .. }
            | Self::NotRecorded { key, .. }
            | Self::NoLog { key, .. }
            | Self::OtherLog { key, .. }
            | Self::Over { key, .. } => key,
        }
    }

    pub(crate) fn into_action(self) -> ActionError {
        ActionError::new(self).terminal()
    }
}
