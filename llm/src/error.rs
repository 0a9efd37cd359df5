//! Errors of models.

use burdock::ActionError;
use std::time::Duration;
use thiserror::Error;

/// An error of a model. No variant contains a key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// There is no user message.
    #[error("there is no user message to answer")]
    NothingAsked,
    /// A setting has an invalid value.
    #[error("`{name}` must be {expected}")]
    Setting {
        /// The environment variable.
        name: &'static str,
        /// The values that are valid.
        expected: &'static str,
    },
    /// A setting is missing that another one requires.
    #[error("`{name}` must be set to use {purpose}")]
    MissingSetting {
        /// The environment variable.
        name: &'static str,
        /// The feature that requires it.
        purpose: String,
    },
    /// The request could not be created.
    #[error("the request to the provider could not be created: {reason}")]
    Request {
        /// The cause.
        reason: String,
    },
    /// The provider responded with an HTTP error.
    #[error("the provider refused with status {status}: {reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The message of the provider.
        reason: String,
        /// The delay before a retry that the provider asked for.
        retry_after: Option<Duration>,
    },
    /// The provider reported an error in the middle of its answer, or sent data that cannot be parsed.
    #[error("the provider gave up: {reason}")]
    GaveUp {
        /// The message of the provider, or the cause.
        reason: String,
    },
    /// The provider exceeded a size limit.
    #[error("the provider sent {what} of more than {limit} bytes")]
    Oversized {
        /// The part that was too large.
        what: &'static str,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The connection could not be established, or was lost before the answer was complete.
    #[error("the connection to the provider failed: {reason}")]
    Connection {
        /// The innermost cause.
        reason: String,
    },
    /// The provider kept the connection open but sent nothing.
    #[error("the provider sent nothing for {limit:?}")]
    Silent {
        /// The time that was waited.
        limit: Duration,
    },
}

impl ModelError {
    /// Returns whether a retry may succeed.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::NothingAsked
            | Self::Setting { .. }
            | Self::MissingSetting { .. }
            | Self::Oversized { .. }
            | Self::Request { .. } => false,
            Self::Refused { status, .. } => matches!(status, 408 | 409 | 425 | 429 | 500..),
            Self::GaveUp { .. } | Self::Connection { .. } | Self::Silent { .. } => true,
        }
    }

    /// Returns the delay before a retry that the provider asked for, or `None` if it did not.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Converts the error into the error of an action. It is terminal unless a retry may succeed.
    ///
    /// `?` alone would make it retryable, like any error.
    ///
    /// ```
    /// use burdock_llm::ModelError;
    ///
    /// let refused = |status| ModelError::Refused { status, reason: "no".into(), retry_after: None };
    /// assert!(refused(429).into_action().is_retryable());
    /// assert!(!refused(401).into_action().is_retryable());
    /// ```
    pub fn into_action(self) -> ActionError {
        let retryable = self.is_retryable();
        let error = ActionError::from(self);
        if retryable { error } else { error.terminal() }
    }

    /// A connection that was closed before the answer was complete.
    pub(crate) fn cut_short() -> Self {
        Self::Connection { reason: "it was closed before the answer was complete".to_owned() }
    }
}
