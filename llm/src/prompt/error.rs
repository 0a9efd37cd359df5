//! Errors of prompts.

use crate::{ModelError, Reason};
use burdock::ActionError;
use burdock_json::Path;
use thiserror::Error;

/// An error of a prompt. An awaited call and a streamed one return the same errors.
///
/// ```
/// use burdock_llm::{PromptError, Script, Scripted, prompt};
///
/// # /// List tags for: {text}
/// # #[prompt]
/// # async fn tags(text: &str) -> Vec<String>;
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let llm = Scripted::new([Script::new().say(r#"["rust", {"name": "traits"}]"#)]);
/// let error = tags("Traits in Rust").on(&llm).await.unwrap_err();
/// let message = "the answer does not fit: expected a string at `[1]`, found an object (byte 9)";
/// assert_eq!(error.to_string(), message);
///
/// let PromptError::Mismatch { path, .. } = error else { panic!("{error}") };
/// assert_eq!(path.to_string(), "[1]");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PromptError {
    /// The model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The answer does not fit its type. It was closed at the first token that cannot fit.
    #[error("the answer does not fit: expected {expected}{}, found {found} (byte {offset})", place(.path))]
    Mismatch {
        /// The position in the value; empty at its root.
        path: Path,
        /// The position in the text, in bytes.
        offset: usize,
        /// The tokens that the type allows there.
        expected: String,
        /// The token that was found there.
        found: String,
        /// The text so far.
        text: String,
    },
    /// The answer fits the schema of its type, but `Deserialize` rejects it.
    #[error("the answer was rejected{}: {reason}", place_of(.path))]
    Refused {
        /// The position in the value; empty at its root.
        path: String,
        /// The error of `Deserialize`.
        reason: String,
        /// The whole text.
        text: String,
    },
    /// The answer ended early, and its value is not complete.
    #[error("the answer is incomplete: {}", ended(*.reason))]
    Incomplete {
        /// The reason why it ended.
        reason: Reason,
        /// The text so far.
        text: String,
    },
    /// The answer exceeds [`Prompt::at_most`](super::Prompt::at_most).
    #[error("the answer has more than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// An argument cannot be formatted.
    #[error("cannot format the argument `{name}`: {reason}")]
    Argument {
        /// The name of the argument.
        name: &'static str,
        /// The error of `Serialize` or `Display`.
        reason: String,
    },
    /// The type of the answer has an invalid JSON schema.
    #[error("the schema of the answer's type is invalid: {reason}")]
    Schema {
        /// The cause.
        reason: String,
    },
}

impl PromptError {
    /// Returns whether a retry may succeed.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Model(error) => error.is_retryable(),
            Self::Mismatch { .. } | Self::Refused { .. } => true,
            Self::Incomplete { reason, .. } => *reason == Reason::Truncated,
            Self::TooLong { .. } | Self::Argument { .. } | Self::Schema { .. } => false,
        }
    }

    /// Converts the error into the error of an action. It is terminal unless a retry may succeed.
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
            // the source keeps its type, for code that looks for a `ModelError`
            Self::Model(error) => return error.into_action(),
            error => ActionError::from(error),
        };
        if retryable { error } else { error.terminal() }
    }

    /// Returns the text of the answer so far, if the error is about the answer.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Mismatch { text, .. }
            | Self::Refused { text, .. }
            | Self::Incomplete { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Returns the message to the model about its invalid answer; `None` if a retry cannot help.
    pub(super) fn correction(&self) -> Option<String> {
        let what = match self {
            Self::Mismatch { path, expected, found, .. } => {
                format!("expected {expected}{}, found {found}", place(path))
            }
            Self::Refused { path, reason, .. } => {
                format!("it is invalid{}: {reason}", place_of(path))
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
        Reason::Limit => "it reached the token limit",
        Reason::Filtered => "the provider withheld it, or the model refused",
        Reason::Truncated => "the connection was closed",
        Reason::Cancelled => "it was stopped",
        Reason::Failed => "it failed",
        Reason::Complete => "the model ended it",
    }
}
