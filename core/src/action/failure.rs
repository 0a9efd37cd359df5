//! Failures of steps, which `on error` edges pass to other actions.

use super::ActionError;
use crate::{
    log::{CauseRecord, FailureRecord, LogError},
    panics::Panicked,
};
use std::{error::Error, fmt, sync::Arc, time::Duration};

/// The failure of a step, after its retries.
///
/// An `on error` edge passes it to an action that takes it with `#[error] failure: &Failure`.
///
/// ```
/// use burdock::{Failure, action::FailureCause, prelude::*};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Bill { note: String }
///
/// #[action(state = Bill, writes(note))]
/// async fn apologise(#[error] failure: &Failure) -> Result<Writes> {
///     let note = match failure.cause() {
///         FailureCause::Timeout(after) => format!("we gave up after {after:?}"),
///         FailureCause::Error(error) => format!("sorry, {error}"),
///         _ => "sorry".into(),
///     };
///     Ok(Writes { note })
/// }
///
/// # futures::executor::block_on(async {
/// let (_, writes) = apologise::test(&Bill::default()).failure("brew", "we are out of beans").await;
/// assert_eq!(writes?.note, "sorry, we are out of beans");
/// # Ok::<_, burdock::ActionError>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Failure(Arc<Inner>);

/// Behind one pointer, so that results and events that may contain a failure stay small.
#[derive(Debug)]
struct Inner {
    node: &'static str,
    attempts: u32,
    cause: FailureCause,
}

/// The cause of a [`Failure`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FailureCause {
    /// The action returned an error.
    Error(ActionError),
    /// The action, a parameter expression or a condition panicked with this message.
    Panic(String),
    /// The action took longer than the node's `#[timeout]`.
    Timeout(Duration),
    /// The action read a slot that has no value. This is possible only with a state that the program supplied.
    UnsetSlot(&'static str),
    /// An optional input that the action needs was not given.
    MissingInput(&'static str),
    /// The log did not store the step. This ends the run, even if the node has an `on error` edge.
    NotRecorded(LogError),
}

/// An action error is not `Unpin`, but nothing here is pinned.
impl Unpin for FailureCause {}

impl Failure {
    pub(crate) fn new(node: &'static str, attempts: u32, cause: FailureCause) -> Self {
        Self(Arc::new(Inner { node, attempts, cause }))
    }

    /// The name of the node that failed.
    pub fn node(&self) -> &'static str {
        self.0.node
    }

    /// The number of attempts at the step.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The cause of the failure of the last attempt.
    pub fn cause(&self) -> &FailureCause {
        &self.0.cause
    }

    /// Returns the error that the action returned; `None` if it failed in another way.
    pub fn error(&self) -> Option<&ActionError> {
        match self.cause() {
            FailureCause::Error(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Panicked> for Box<FailureCause> {
    fn from(Panicked(message): Panicked) -> Self {
        FailureCause::Panic(message).into()
    }
}

impl FailureCause {
    /// Returns whether another attempt may succeed: after an error that is not terminal, or a timeout.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Error(error) => error.is_retryable(),
            Self::Timeout(_) => true,
            Self::Panic(_) | Self::UnsetSlot(_) | Self::MissingInput(_) | Self::NotRecorded(_) => {
                false
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = self.node();
        match self.cause() {
            FailureCause::Error(_) => write!(f, "node `{node}` failed")?,
            FailureCause::Panic(message) => write!(f, "node `{node}` panicked: {message}")?,
            FailureCause::Timeout(after) => write!(f, "node `{node}` timed out after {after:?}")?,
            FailureCause::UnsetSlot(field) => write!(
                f,
                "node `{node}` reads the slot `{field}`, which has no value in this state"
            )?,
            FailureCause::NotRecorded(_) => write!(f, "node `{node}` could not be recorded")?,
            FailureCause::MissingInput(input) => {
                write!(f, "node `{node}` needs the input `{input}`, which was not given")?;
            }
        }
        if self.attempts() > 1 {
            write!(f, " in attempt {}", self.attempts())?;
        }
        Ok(())
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.cause() {
            FailureCause::Error(error) => Some(error.as_error()),
            FailureCause::NotRecorded(error) => Some(error),
            _ => None,
        }
    }
}

impl From<&Failure> for FailureRecord {
    fn from(failure: &Failure) -> Self {
        let cause = match failure.cause() {
            FailureCause::Error(error) => CauseRecord::Error {
                messages: chain(error.as_error()),
                retryable: error.is_retryable(),
            },
            FailureCause::Panic(message) => CauseRecord::Panic(message.clone()),
            FailureCause::Timeout(after) => {
                CauseRecord::Timeout(u64::try_from(after.as_millis()).unwrap_or(u64::MAX))
            }
            FailureCause::UnsetSlot(field) => CauseRecord::UnsetSlot((*field).into()),
            FailureCause::MissingInput(input) => CauseRecord::MissingInput((*input).into()),
            FailureCause::NotRecorded(error) => {
                CauseRecord::Error { messages: chain(error), retryable: false }
            }
        };
        Self { node: failure.node().into(), attempts: failure.attempts(), cause }
    }
}

/// Returns the messages of an error and its sources.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut messages = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        messages.push(error.to_string());
        source = error.source();
    }
    messages
}

impl FailureCause {
    /// Restores a cause from a log. An error is restored as its messages. `names` are the fields and inputs of
    /// the graph.
    pub(crate) fn restore(
        record: &CauseRecord,
        mut names: impl Iterator<Item = &'static str>,
    ) -> Self {
        let gone = |name: &str| ActionError::msg(format!("`{name}` had no value")).terminal();
        match record {
            CauseRecord::Error { messages, retryable } => {
                let mut messages = messages.iter().rev().cloned();
                let innermost = ActionError::msg(messages.next().unwrap_or_default());
                let error = messages.fold(innermost, ActionError::context);
                Self::Error(if *retryable { error } else { error.terminal() })
            }
            CauseRecord::Panic(message) => Self::Panic(message.clone()),
            CauseRecord::Timeout(after) => Self::Timeout(Duration::from_millis(*after)),
            CauseRecord::UnsetSlot(name) => names
                .find(|known| known == name)
                .map_or_else(|| Self::Error(gone(name)), Self::UnsetSlot),
            CauseRecord::MissingInput(name) => names
                .find(|known| known == name)
                .map_or_else(|| Self::Error(gone(name)), Self::MissingInput),
        }
    }
}
