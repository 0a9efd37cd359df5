//! What an `on error` edge passes on.

use super::ActionError;
use std::{error::Error, fmt, sync::Arc, time::Duration};

/// Why a step failed, after its retries; an `on error` edge passes it to the action that asks for
/// it with `#[error] failure: &Failure`.
#[derive(Clone, Debug)]
pub struct Failure(Arc<Inner>);

/// Behind one pointer, so that results and events that may hold a failure stay small.
#[derive(Debug)]
struct Inner {
    node: &'static str,
    attempts: u32,
    cause: FailureCause,
}

/// What went wrong in a step.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FailureCause {
    /// The action returned an error.
    Error(ActionError),
    /// The action, a parameter expression or a condition panicked with this message.
    Panic(String),
    /// The action took longer than the node's `#[timeout]`.
    Timeout(Duration),
    /// A slot was read that has no value; only a state made by hand can bring this about.
    UnsetSlot(&'static str),
    /// An optional input that the action needs was not given.
    MissingInput(&'static str),
}

impl Failure {
    pub(crate) fn new(node: &'static str, attempts: u32, cause: FailureCause) -> Self {
        Self(Arc::new(Inner { node, attempts, cause }))
    }

    /// The node that failed.
    pub fn node(&self) -> &'static str {
        self.0.node
    }

    /// How often the step was tried.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// What went wrong in the last attempt.
    pub fn cause(&self) -> &FailureCause {
        &self.0.cause
    }

    /// The error that the action returned, unless it failed in another way.
    pub fn error(&self) -> Option<&ActionError> {
        match self.cause() {
            FailureCause::Error(error) => Some(error),
            _ => None,
        }
    }
}

impl FailureCause {
    /// Tells whether another attempt may help: an error that is not terminal, or a timeout.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Error(error) => error.is_retryable(),
            Self::Timeout(_) => true,
            Self::Panic(_) | Self::UnsetSlot(_) | Self::MissingInput(_) => false,
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
        self.error().map(|error| error.as_error() as _)
    }
}
