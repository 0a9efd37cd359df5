//! What can go wrong between a question and its answer.

use burdock::ActionError;
use std::time::Duration;
use thiserror::Error;

/// Why there is no answer, or only the start of one. No variant ever holds a key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The messages have none of the user.
    #[error("there is no user message to answer")]
    NothingAsked,
    /// A setting has a value that makes no sense.
    #[error("`{name}` must be {expected}")]
    Setting {
        /// The environment variable.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A setting is missing that another one calls for.
    #[error("`{name}` must be set to use {purpose}")]
    MissingSetting {
        /// The environment variable.
        name: &'static str,
        /// What needs it.
        purpose: String,
    },
    /// The request could not even be made.
    #[error("the request to the provider could not be made: {reason}")]
    Request {
        /// What was wrong with it.
        reason: String,
    },
    /// The provider answered with an HTTP error.
    #[error("the provider refused with status {status}: {reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the provider says about it.
        reason: String,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The provider reported an error while it was answering, or what it said makes no sense.
    #[error("the provider gave up: {reason}")]
    GaveUp {
        /// What the provider says about it.
        reason: String,
    },
    /// The provider sent more than the limit allows.
    #[error("the provider sent {what} of more than {limit} bytes")]
    Oversized {
        /// What was too large.
        what: &'static str,
        /// How many bytes it may have.
        limit: usize,
    },
    /// The provider was out of reach, or gone before its answer was complete.
    #[error("the connection to the provider failed: {reason}")]
    Connection {
        /// The innermost cause.
        reason: String,
    },
    /// The provider kept the connection and said nothing.
    #[error("the provider said nothing for {limit:?}")]
    Silent {
        /// How long it was waited for.
        limit: Duration,
    },
}

impl ModelError {
    /// Tells whether asking again may help.
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

    /// How long the provider asks to be left alone, if it does.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Makes it the error of an action, terminal unless asking again may help.
    ///
    /// `?` alone would make it retryable, as any error.
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

    /// An answer whose connection was closed in the middle of it.
    pub(crate) fn cut_short() -> Self {
        Self::Connection { reason: "it was closed before the answer was complete".to_owned() }
    }
}
