//! Errors of a prompt.

use crate::{ModelError, Reason};
use burdock::ActionError;
use burdock_json::Path;
use thiserror::Error;

/// Why a prompt has no answer. The same for a call that is awaited and one that is streamed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PromptError {
    /// The model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The answer does not fit its type. The stream ended at the token that made that certain.
    #[error("the answer does not fit: expected {expected}{}, found {found} (byte {offset})", place(.path))]
    Mismatch {
        /// The position in the value, empty at its root.
        path: Path,
        /// The position in the text, in bytes.
        offset: usize,
        /// What the type allows there.
        expected: String,
        /// What the text has there.
        found: String,
        /// The text so far.
        text: String,
    },
    /// The answer fits the schema of its type, and `Deserialize` refuses it.
    #[error("the answer was refused{}: {reason}", place_of(.path))]
    Refused {
        /// The position in the value, empty at its root.
        path: String,
        /// What `Deserialize` says.
        reason: String,
        /// The whole text.
        text: String,
    },
    /// The answer ended early, and what there is of it is not a whole value.
    #[error("the answer is incomplete: {}", ended(*.reason))]
    Incomplete {
        /// Why it ended.
        reason: Reason,
        /// The text so far.
        text: String,
    },
    /// The answer became longer than [`Prompt::at_most`](super::Prompt::at_most) allows.
    #[error("the answer has more than {limit} bytes")]
    TooLong {
        /// How many bytes it may have.
        limit: usize,
    },
    /// An argument cannot be written into the prompt.
    #[error("the argument `{name}` cannot be written: {reason}")]
    Argument {
        /// Its name.
        name: &'static str,
        /// What `Serialize` or `Display` says.
        reason: String,
    },
    /// The type of the answer has an invalid JSON schema.
    #[error("the schema of the answer's type is invalid: {reason}")]
    Schema {
        /// What is wrong with it.
        reason: String,
    },
}

impl PromptError {
    /// Returns whether asking again may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Model(error) => error.is_retryable(),
            Self::Mismatch { .. } | Self::Refused { .. } => true,
            Self::Incomplete { reason, .. } => *reason == Reason::Truncated,
            Self::TooLong { .. } | Self::Argument { .. } | Self::Schema { .. } => false,
        }
    }

    /// Makes it the error of an action, terminal unless asking again may help.
    ///
    /// ```
    /// use burdock_llm::{Reason, prompt::PromptError};
    ///
    /// let incomplete = |reason| PromptError::Incomplete { reason, text: String::new() };
    /// assert!(incomplete(Reason::Truncated).into_action().is_retryable());
    /// assert!(!incomplete(Reason::Filtered).into_action().is_retryable());
    /// ```
    pub fn into_action(self) -> ActionError {
        let retryable = self.is_retryable();
        let error = match self {
            // the source stays what it is, also for what looks for a `ModelError`
            Self::Model(error) => return error.into_action(),
            error => ActionError::from(error),
        };
        if retryable { error } else { error.terminal() }
    }

    /// Returns the answer's text, as far as it came, if the error is about it.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Mismatch { text, .. }
            | Self::Refused { text, .. }
            | Self::Incomplete { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What the model is told about its answer; `None` if it could not do better.
    pub(super) fn correction(&self) -> Option<String> {
        let what = match self {
            Self::Mismatch { path, expected, found, .. } => {
                format!("expected {expected}{}, found {found}", place(path))
            }
            Self::Refused { path, reason, .. } => {
                format!("it is refused{}: {reason}", place_of(path))
            }
            _ => return None,
        };
        Some(format!(
            "Your answer does not fit: {what}.\nAnswer again with the whole value, and with nothing else."
        ))
    }
}

fn place(path: &Path) -> String {
    place_of(&path.to_string())
}

fn place_of(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" at `{path}`") }
}

fn ended(reason: Reason) -> &'static str {
    match reason {
        Reason::Limit => "it reached the limit of its tokens",
        Reason::Filtered => "the provider withholds it, or the model refuses",
        Reason::Truncated => "the connection was closed",
        Reason::Cancelled => "it was stopped",
        Reason::Failed => "it failed",
        Reason::Complete => "the model ended it",
    }
}
