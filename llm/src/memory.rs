//! The part of a history that a request contains, and a summary of the rest.

use crate::{Message, Model, ModelError, Reason, Request, Role, history::paired};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write as _};

/// Selects the messages of a history for a request.
///
/// The whole history stays in the state; a request contains its pinned messages and the newest ones that fit. A message
/// with calls and their results stay together, and the selection starts with a message of the user, as providers require.
/// The newest message is always selected, and so is the message of the user that it answers.
///
/// ```
/// use burdock_llm::{Message, Window};
///
/// let history = [
///     Message::user("I am Ada."),
///     Message::assistant("Hello, Ada!"),
///     Message::user("What is a monad?"),
///     Message::assistant("A monoid in the category of endofunctors."),
///     Message::user("And what is my name?"),
/// ];
/// let texts = |window: Window| {
///     let messages = window.of(&history).into_iter();
///     messages.map(|message| message.text).collect::<Vec<_>>()
/// };
/// assert_eq!(texts(Window::all()).len(), 5);
/// assert_eq!(texts(Window::last(2)), ["And what is my name?"]); // not an answer without its question
/// assert_eq!(texts(Window::last(3)).len(), 3);
/// assert_eq!(texts(Window::last(1).pinned(1)), ["I am Ada.", "And what is my name?"]);
/// ```
#[derive(Clone, Copy)]
pub struct Window {
    messages: usize,
    tokens: usize,
    pinned: usize,
    count: fn(&Message) -> usize,
}

impl Window {
    /// Selects the whole history.
    pub fn all() -> Self {
        Self { messages: usize::MAX, tokens: usize::MAX, pinned: 0, count: estimate }
    }

    /// Selects at most this many of the newest messages.
    pub fn last(messages: usize) -> Self {
        Self::all().at_most(messages)
    }

    /// Selects the newest messages that have at most this many tokens, pinned ones included.
    ///
    /// Tokens are [estimated](estimate). See [`counted_by`](Self::counted_by).
    pub fn tokens(budget: usize) -> Self {
        Self { tokens: budget, ..Self::all() }
    }

    /// Limits the number of messages as well. Pinned ones do not count.
    #[must_use]
    pub fn at_most(mut self, messages: usize) -> Self {
        self.messages = messages;
        self
    }

    /// Always selects the first messages of the history, for example a prompt with instructions.
    #[must_use]
    pub fn pinned(mut self, messages: usize) -> Self {
        self.pinned = messages;
        self
    }

    /// Counts the tokens of a message with this function instead of [`estimate`].
    #[must_use]
    pub fn counted_by(mut self, count: fn(&Message) -> usize) -> Self {
        self.count = count;
        self
    }

    /// Returns the selected messages, oldest first, with exactly one result for each call: see [`paired`].
    pub fn of<'m>(&self, history: impl IntoIterator<Item = &'m Message>) -> Vec<Message> {
        let history: Vec<&Message> = history.into_iter().collect();
        let Selected { pinned, asked, start } = self.select(&history);
        let asked = asked.map(|index| &history[index]);
        let selected = history[..pinned].iter().chain(asked).chain(&history[start..]);
        paired(selected.map(|message| (*message).clone()))
    }

    fn select(&self, history: &[&Message]) -> Selected {
        let pinned = self.pinned.min(history.len());
        let size = |message: &&Message| (self.count)(message);
        let pinned_size = history[..pinned].iter().map(size).fold(0, usize::saturating_add);
        let mut tokens = self.tokens.saturating_sub(pinned_size);
        let mut left = self.messages;
        let mut start = history.len();
        // the oldest message of the user that fits
        let mut found = None;
        for (index, message) in history.iter().enumerate().skip(pinned).rev() {
            let is_newest = index + 1 == history.len();
            if !is_newest && (left == 0 || size(message) > tokens) {
                break;
            }
            (left, tokens) = (left.saturating_sub(1), tokens.saturating_sub(size(message)));
            start = index;
            if message.role == Role::User {
                found = Some(index);
            }
        }
        // what follows a pinned message needs no message of the user before it
        if start == pinned && pinned > 0 {
            return Selected { pinned, asked: None, start };
        }
        if let Some(start) = found {
            return Selected { pinned, asked: None, start };
        }
        // the model is in the middle of its work for this message
        let asked = history[..start].iter().rposition(|message| message.role == Role::User);
        Selected { pinned, asked: asked.filter(|index| *index >= pinned), start }
    }
}

/// The selected part of a history.
struct Selected {
    /// The number of pinned messages.
    pinned: usize,
    /// The message of the user that the newest ones are about, if it precedes them.
    asked: Option<usize>,
    /// The index of the first of the newest messages.
    start: usize,
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, tokens, pinned, .. } = self;
        let mut shown = f.debug_struct("Window");
        if *messages < usize::MAX {
            shown.field("messages", messages);
        }
        if *tokens < usize::MAX {
            shown.field("tokens", tokens);
        }
        shown.field("pinned", pinned).finish_non_exhaustive()
    }
}

/// Estimates the tokens of a message: one for each four bytes of its text and its calls, and four for the message
/// itself. Languages other than English have more.
pub fn estimate(message: &Message) -> usize {
    let calls = message.tool_calls.iter().map(|call| {
        // ids and punctuation
        call.name.len() + call.arguments.to_string().len() + 40
    });
    (message.text.len() + calls.sum::<usize>()).div_ceil(4) + 4
}

/// A summary of the older messages of a history, to be kept in a state beside it.
///
/// ```
/// use burdock_llm::{Message, Model, Request, Script, Scripted, Summary, Window};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let history = [
///     Message::user("I am Ada."),
///     Message::assistant("Hello, Ada!"),
///     Message::user("What is a monad?"),
///     Message::assistant("A monoid in the category of endofunctors."),
///     Message::user("And what is my name?"),
/// ];
/// let llm = Scripted::new([Script::new().say("The user is called Ada.")]);
/// let window = Window::last(3);
///
/// let mut summary = Summary::default();
/// summary.extend(&window, &history, &llm).await?;
/// assert_eq!((summary.messages, summary.text.as_str()), (2, "The user is called Ada."));
///
/// let request = summary.request(&window, &history);
/// assert_eq!(request.messages.len(), 3);
/// assert!(request.options.system.is_some_and(|system| system.contains("called Ada")));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Summary {
    /// The text; empty if nothing was summarized yet.
    pub text: String,
    /// The number of messages that it covers, from the start of the history.
    pub messages: usize,
}

impl Summary {
    /// Adds the messages that precede the window, and that the summary does not cover yet. Sends no request if there are
    /// none.
    ///
    /// # Errors
    /// Returns the error of the model. The summary stays as it is. An answer that is cut or empty is an error as well.
    ///
    /// # Cancel safety
    /// Dropping the future drops the answer, and leaves the summary as it is.
    pub async fn extend<'m>(
        &mut self,
        window: &Window,
        history: impl IntoIterator<Item = &'m Message>,
        llm: &(impl Model + ?Sized),
    ) -> Result<(), ModelError> {
        let history: Vec<&Message> = history.into_iter().collect();
        let start = window.select(&history).start;
        let covered = self.messages.max(window.pinned).min(start);
        if covered == start {
            return Ok(());
        }
        let mut text = String::from(INSTRUCTIONS);
        if !self.text.is_empty() {
            text.push_str("\n\nThe summary so far:\n");
            text.push_str(&self.text);
        }
        text.push_str("\n\nThe messages:");
        for message in &history[covered..start] {
            // writing to a string cannot fail
            let _ = write!(text, "\n{}: {}", author(message.role), message.text);
            for call in &message.tool_calls {
                let _ = write!(text, "\ncalls {}({})", call.name, call.arguments);
            }
        }
        let answer = llm.chat(Request::prompt(text)).unbroken().whole().await?;
        if answer.end.reason != Reason::Complete || answer.text.trim().is_empty() {
            let reason = "it sent no complete summary".to_owned();
            return Err(ModelError::GaveUp { reason });
        }
        *self = Self { text: answer.text, messages: start };
        Ok(())
    }

    /// Returns a request with the messages of the window, and the summary in its system prompt.
    pub fn request<'m>(
        &self,
        window: &Window,
        history: impl IntoIterator<Item = &'m Message>,
    ) -> Request {
        let request = Request::new(window.of(history));
        if self.text.is_empty() {
            return request;
        }
        request
            .system(format!("A summary of the conversation before these messages:\n{}", self.text))
    }
}

/// The prompt of a summary.
const INSTRUCTIONS: &str = "Summarize a conversation in at most 200 words, for the assistant that continues it: names, facts, decisions, open questions and results of calls. Answer with the summary only.";

fn author(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "result",
    }
}
