//! What can go wrong between a question and its answer.

use thiserror::Error;

/// Why there is no answer, or only the start of one. No variant ever holds a key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The history has no message of the user.
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
    #[cfg(feature = "providers")]
    #[error("`{name}` must be set to use {purpose}")]
    MissingSetting {
        /// The environment variable.
        name: &'static str,
        /// What needs it.
        purpose: String,
    },
    /// The request could not even be made.
    #[cfg(feature = "providers")]
    #[error("the request to the provider could not be made: {reason}")]
    Request {
        /// What was wrong with it.
        reason: String,
    },
    /// The provider answered with an HTTP error.
    #[cfg(feature = "providers")]
    #[error("the provider refused with status {status}: {reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the provider says about it.
        reason: String,
    },
    /// The provider reported an error while it was answering.
    #[cfg(feature = "providers")]
    #[error("the provider gave up: {reason}")]
    GaveUp {
        /// What the provider says about it.
        reason: String,
    },
    /// The provider was out of reach, too slow, or gone before its answer was complete.
    #[cfg(feature = "providers")]
    #[error("the connection to the provider failed: {reason}")]
    Connection {
        /// The innermost cause.
        reason: String,
    },
}

impl ModelError {
    /// Tells whether asking again may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::NothingAsked | Self::Setting { .. } => false,
            #[cfg(feature = "providers")]
            Self::MissingSetting { .. } | Self::Request { .. } => false,
            #[cfg(feature = "providers")]
            Self::Refused { status, .. } => matches!(status, 408 | 409 | 425 | 429 | 500..),
            #[cfg(feature = "providers")]
            Self::GaveUp { .. } | Self::Connection { .. } => true,
        }
    }
}
