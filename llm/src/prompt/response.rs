//! Information about an answer.

use crate::{Reason, Usage};
use burdock_json::Repair;

/// Information about an answer other than its value: its text, end and usage.
///
/// ```
/// use burdock_llm::{Reason, Script, Scripted, prompt};
///
/// # /// List tags for: {text}
/// # #[prompt]
/// # async fn tags(text: &str) -> Vec<String>;
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let llm = Scripted::new([Script::new().say(r#"["rust", "traits",]"#)]);
/// let (tags, response) = tags("Traits in Rust").on(&llm).with_response().await?;
/// assert_eq!(tags, ["rust", "traits"]);
/// assert_eq!((response.attempts, response.reason), (1, Reason::Complete));
/// assert_eq!(response.repairs.len(), 1); // the comma after the last element
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Response {
    /// The text of the last attempt, as the model wrote it.
    pub text: String,
    /// How the last attempt ended; [`Reason::Cancelled`] before its end.
    pub reason: Reason,
    /// The usage of all attempts, including failed ones. Providers send the tokens at the end of an
    /// answer, so those of an attempt that was closed earlier are missing:
    /// [`unmetered`](Self::unmetered) counts such attempts.
    pub usage: Usage,
    /// The number of attempts whose tokens are not in [`usage`](Self::usage): the answer was closed at
    /// a mismatch, a limit or a stop before its end had arrived, it failed or was truncated, or its
    /// provider sends none. They may have been billed.
    pub unmetered: u32,
    /// The number of attempts, from 1; 0 before the first.
    pub attempts: u32,
    /// The differences between the text and valid JSON of the type. Empty for text, or if the answer
    /// has no value.
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
