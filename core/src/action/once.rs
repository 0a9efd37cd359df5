//! Calls: effects whose results a step records, so that another attempt does not repeat them.

use super::{ActionError, Result};
use crate::{
    Context,
    state::{read, to_json, unreadable},
    stream::{CallStart, NotStored},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{any::type_name, future::poll_fn};

impl Context {
    /// Makes a call once in this step: its result is recorded in the log before it is returned, and another attempt at the
    /// step returns the recorded result without polling `call`.
    ///
    /// This holds for retries, for a resume after a crash, a stop or a failure, and in another process. Without a log, it
    /// holds as long as the app lives. An error of `call` is not recorded.
    ///
    /// A crash between the effect and the record repeats the effect. Pass [`key_of`](Self::key_of) to the other side, as an
    /// idempotency key.
    ///
    /// The key identifies the call in the step. Calls may run at the same time, in any order; two calls with one key in one
    /// attempt are an error. The result is kept until the step is committed, or another node runs.
    ///
    /// ```
    /// use burdock::{Context, prelude::*};
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
    ///             #[retry(Retry::times(3))]
    ///             pay,
    ///         }
    ///         start pay;
    ///         pay -> end;
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// let mut app = Paying::app().state(Bill { total: 7, ..Bill::default() }).build().await?;
    /// let end = app.run(PayingInputs {}).await?;
    /// assert_eq!(end.state().receipt, "payment 0 of 7");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns the error of `call`, and a terminal [`CallError`] if the key is used twice, if the recorded result is not a
    /// `T`, if the result cannot be recorded, or if the attempt is over. If the log fails, the attempt fails.
    ///
    /// # Cancel safety
    /// Dropping the future drops `call`. If `call` had completed, its result may be recorded; another call with the key
    /// then returns it.
    pub async fn once<T, E>(
        &self,
        key: impl Into<String>,
        call: impl Future<Output = std::result::Result<T, E>>,
    ) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
        E: Into<ActionError>,
    {
        let key = key.into();
        let node = self.node();
        let start = self.control.start_call(self.serial, self.step, &key);
        if let CallStart::Repeated = start {
            return Err(CallError::Repeated { key, node }.into_action());
        }
        if let CallStart::Over = start {
            return Err(over(&key, node));
        }
        let mut guard = CallGuard { context: self, key: &key, returned: false };
        let result = match start {
            CallStart::Recorded(json) => from_record(&key, node, &json),
            CallStart::Waiting => {
                self.stored(&key).await.and_then(|json| from_record(&key, node, &json))
            }
            CallStart::New | CallStart::Repeated | CallStart::Over => match call.await {
                Ok(value) => self.record(&key, value).await,
                // not recorded: the call may be made again, also in this attempt
                Err(error) => return Err(error.into()),
            },
        };
        guard.returned = true;
        result
    }

    /// Records the result of a call, and returns it.
    async fn record<T: Serialize + DeserializeOwned>(&self, key: &str, value: T) -> Result<T> {
        let json = to_json(&value).and_then(|json| match read::<T>(&json) {
            Ok(_) => Ok(json),
            Err(error) => Err(unreadable(error.inner())),
        });
        let json = json.map_err(|error| not_recorded(key, self.node(), error.to_string()))?;
        if !self.control.has_log() {
            let kept = self.control.keep_call(self.serial, key, json);
            return if kept { Ok(value) } else { Err(over(key, self.node())) };
        }
        self.control.submit_call(self.serial, key, json);
        self.stored(key).await?;
        Ok(value)
    }

    /// Waits until the log has the result of a call.
    async fn stored(&self, key: &str) -> Result<Value> {
        let stored = poll_fn(|cx| self.control.poll_call(self.serial, key, cx.waker())).await;
        stored.map_err(|reason| match reason {
            NotStored::Refused(error) => not_recorded(key, self.node(), error.to_string()),
            NotStored::Over => over(key, self.node()),
        })
    }
}

/// Returns the value of a recorded result.
fn from_record<T: DeserializeOwned>(key: &str, node: &'static str, json: &Value) -> Result<T> {
    read(json).map_err(|error| {
        let (key, reason) = (key.to_owned(), error.to_string());
        CallError::OtherType { key, node, expected: type_name::<T>(), reason }.into_action()
    })
}

fn over(key: &str, node: &'static str) -> ActionError {
    CallError::Over { key: key.to_owned(), node }.into_action()
}

fn not_recorded(key: &str, node: &'static str, reason: String) -> ActionError {
    CallError::NotRecorded { key: key.to_owned(), node, reason }.into_action()
}

/// Frees the key of a call that was dropped, or that failed.
struct CallGuard<'a> {
    context: &'a Context,
    key: &'a str,
    returned: bool,
}

impl Drop for CallGuard<'_> {
    fn drop(&mut self) {
        if !self.returned {
            self.context.control.abandon_call(self.context.serial, self.key);
        }
    }
}

/// An error of [`Context::once`]. It is terminal: another attempt has it again.
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
    /// The result cannot be recorded. The effect of the call has happened.
    #[error("the result of call `{key}` of node `{node}` cannot be recorded: {reason}")]
    NotRecorded {
        /// The key.
        key: String,
        /// The node.
        node: &'static str,
        /// The reason.
        reason: String,
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
    fn into_action(self) -> ActionError {
        ActionError::new(self).terminal()
    }
}
