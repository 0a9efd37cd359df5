//! What goes wrong with a scripted answer.

use crate::ModelError;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What goes wrong with a scripted answer, at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// The request cannot be made; asking again does not help.
    Request {
        /// What is wrong with it.
        reason: String,
    },
    /// An HTTP error, as a provider gives it instead of an answer.
    Refused {
        /// The HTTP status.
        status: u16,
        /// How long the provider asks to be left alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<Duration>,
    },
    /// The provider gives up.
    GaveUp {
        /// What it says about it.
        reason: String,
    },
    /// The connection is cut: an error before the first delta, and a truncated answer behind it.
    Cut,
    /// Nothing comes any more.
    Silence,
    /// The same delta, for ever.
    Endless {
        /// What is said.
        delta: String,
        /// How often.
        every: Duration,
    },
}

impl Fault {
    /// What is recorded of an error.
    pub(super) fn of(error: ModelError, begun: bool) -> Self {
        match error {
            ModelError::Refused { status, retry_after, .. } => {
                Self::Refused { status, retry_after }
            }
            ModelError::Silent { .. } => Self::Silence,
            ModelError::Connection { .. } if !begun => Self::Cut,
            // a cut would end the answer, and this was an error
            ModelError::Connection { reason } | ModelError::GaveUp { reason } => {
                Self::GaveUp { reason }
            }
            ModelError::Request { reason } => Self::Request { reason },
            error if error.is_retryable() => Self::GaveUp { reason: error.to_string() },
            error => Self::Request { reason: error.to_string() },
        }
    }

    /// The error that ends the answer, if one does.
    pub(super) fn error(&self, begun: bool) -> Option<ModelError> {
        match self {
            Self::Refused { status, retry_after } => Some(ModelError::Refused {
                status: *status,
                reason: "as the script says".to_owned(),
                retry_after: *retry_after,
            }),
            Self::Request { reason } => Some(ModelError::Request { reason: reason.clone() }),
            Self::GaveUp { reason } => Some(ModelError::GaveUp { reason: reason.clone() }),
            Self::Cut if !begun => Some(ModelError::cut_short()),
            Self::Cut | Self::Silence | Self::Endless { .. } => None,
        }
    }
}
