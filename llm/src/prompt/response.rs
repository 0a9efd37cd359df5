//! What is known of an answer beside its value.

use crate::{Reason, Usage};
use burdock_json::Repair;

/// What is known of an answer beside its value: its text, how it ended, and what it took.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Response {
    /// The text of the last attempt, as the model wrote it.
    pub text: String,
    /// How the last attempt ended; [`Reason::Cancelled`] while it has not.
    pub reason: Reason,
    /// What all attempts took, also those that failed. Providers send the tokens at the end of an answer, so
    /// those of an attempt that was closed earlier are missing: [`unmetered`](Self::unmetered) counts such
    /// attempts.
    pub usage: Usage,
    /// The number of attempts whose tokens are not in [`usage`](Self::usage): the answer was closed at a
    /// mismatch, a limit or a stop before its end had arrived, it failed or was cut, or its provider sends none.
    /// They may have been paid.
    pub unmetered: u32,
    /// The number of attempts, from 1; 0 before the first.
    pub attempts: u32,
    /// The differences between the text and valid JSON of the type. Empty for text, and unless the answer
    /// has a value.
    pub repairs: Vec<Repair>,
}

impl Default for Response {
    fn default() -> Self {
        Self {
            text: String::new(),
            reason: Reason::Cancelled,
            usage: Usage::default(),
            unmetered: 0,
            attempts: 0,
            repairs: Vec::new(),
        }
    }
}
