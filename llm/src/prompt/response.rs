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
    /// What all attempts took. An attempt that was ended by a mismatch has no usage: providers count at
    /// the end of an answer.
    pub usage: Usage,
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
            attempts: 0,
            repairs: Vec::new(),
        }
    }
}
