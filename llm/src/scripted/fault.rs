//! Faults of scripted answers.

use crate::ModelError;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A fault at the end of a scripted answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// The request cannot be created. A retry does not help.
    Request {
        /// The cause.
        reason: String,
    },
    /// The provider responds with an HTTP error.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The delay before a retry that the provider asks for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<Duration>,
    },
    /// The provider fails while it answers.
    GaveUp {
        /// The message of the provider.
        reason: String,
    },
    /// The connection is lost: an error before the first delta, and a truncated answer after it.
    Cut,
    /// No more items arrive.
    Silence,
    /// The same delta is repeated endlessly.
    Endless {
        /// The text of the delta.
        delta: String,
        /// The interval.
        every: Duration,
    },
}

impl Fault {
    /// Returns the fault that records an error.
    pub(super) fn of(error: ModelError, has_text: bool) -> Self {
        match error {
            ModelError::Refused { status, retry_after, .. } => {
                Self::Refused { status, retry_after }
            }
            ModelError::Silent { .. } => Self::Silence,
            ModelError::Connection { .. } if !has_text => Self::Cut,
            // `Cut` would truncate the answer instead of failing it
            ModelError::Connection { reason } | ModelError::GaveUp { reason } => {
                Self::GaveUp { reason }
            }
            ModelError::Request { reason } => Self::Request { reason },
            error if error.is_retryable() => Self::GaveUp { reason: error.to_string() },
            error => Self::Request { reason: error.to_string() },
        }
    }

    /// Returns the error that ends the answer, or `None` if no error does.
    pub(super) fn error(&self, has_text: bool) -> Option<ModelError> {
        match self {
            Self::Refused { status, retry_after } => Some(ModelError::Refused {
                status: *status,
                reason: "scripted error".to_owned(),
                retry_after: *retry_after,
            }),
            Self::Request { reason } => Some(ModelError::Request { reason: reason.clone() }),
            Self::GaveUp { reason } => Some(ModelError::GaveUp { reason: reason.clone() }),
            Self::Cut if !has_text => Some(ModelError::cut_short()),
            Self::Cut | Self::Silence | Self::Endless { .. } => None,
        }
    }
}
