//! The part of a history that a request contains, and a summary of the rest.

use crate::{
    Answer, Message, Model, ModelError, Options, Reason, Request, Role, Usage, history::paired,
};
use burdock::Runtime;
use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    fmt::{self, Write as _},
    sync::Arc,
};

/// Selects the messages of a history for a request.
///
/// The whole history stays in the state; a request contains its pinned messages and the newest ones that fit. A message
/// with calls and its results stay together, and the selection starts with a user message, as providers require. The
/// newest message is always selected with the calls and results that belong to it, and so is the user message that it is
/// about, whatever the limits.
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
        let history = paired(history.into_iter().cloned());
        let Selection { pinned, question, start } = self.select(&history);
        let question = question.map(|index| history[index].clone());
        history[..pinned]
            .iter()
            .cloned()
            .chain(question)
            .chain(history[start..].iter().cloned())
            .collect()
    }

    /// Selects messages of a history in which each call is followed by its results.
    fn select(&self, history: &[Message]) -> Selection {
        let groups = groups(history);
        // whole groups, so that a pinned call keeps its results
        let pinned =
            groups.iter().find(|start| **start >= self.pinned).copied().unwrap_or(history.len());
        let size =
            |messages: &[Message]| messages.iter().map(self.count).fold(0, usize::saturating_add);
        let mut tokens = self.tokens.saturating_sub(size(&history[..pinned]));
        let mut left = self.messages;
        let (mut start, mut first_question) = (history.len(), None);
        for group in groups.into_iter().rev().take_while(|group| *group >= pinned) {
            let messages = &history[group..start];
            let is_newest = start == history.len();
            if !is_newest && (messages.len() > left || size(messages) > tokens) {
                break;
            }
            left = left.saturating_sub(messages.len());
            tokens = tokens.saturating_sub(size(messages));
            start = group;
            if messages[0].role == Role::User {
                first_question = Some(group);
            }
        }
        // a pinned message may be followed by any other
        if start == pinned && pinned > 0 {
            return Selection { pinned, question: None, start };
        }
        if let Some(start) = first_question {
            return Selection { pinned, question: None, start };
        }
        // the model is in the middle of its work for this message
        let question = history[..start].iter().rposition(|message| message.role == Role::User);
        Selection { pinned, question: question.filter(|index| *index >= pinned), start }
    }
}

/// Returns the index of the first message of each group: a message with its results is one, and any other message.
fn groups(history: &[Message]) -> Vec<usize> {
    let starts = history.iter().enumerate().filter(|(_, message)| message.role != Role::Tool);
    starts.map(|(index, _)| index).collect()
}

/// The selected part of a history.
struct Selection {
    /// The number of pinned messages.
    pinned: usize,
    /// The user message that the newest messages are about, if it precedes them.
    question: Option<usize>,
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
        let signatures: usize = call.signatures.iter().map(String::len).sum();
        // ids and punctuation
        call.name.len() + call.arguments.to_string().len() + signatures + 40
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
/// assert_eq!(request.messages.len(), 1 + 3);
/// assert!(request.messages[0].text.contains("called Ada"));
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
    /// Adds the messages that precede the window, and that the summary does not cover yet. The returned builder is awaited.
    pub fn extend<'a, 'm, M: Model + ?Sized>(
        &'a mut self,
        window: &Window,
        history: impl IntoIterator<Item = &'m Message>,
        llm: &'a M,
    ) -> Extend<'a> {
        let history = paired(history.into_iter().cloned());
        let Selection { pinned, start, .. } = window.select(&history);
        let chat = Box::new(|request| llm.chat(request));
        let covered = self.messages.max(pinned);
        Extend {
            summary: self,
            history,
            covered,
            start,
            chat,
            options: Options::default(),
            runtime: None,
        }
    }

    /// Returns whether messages precede the window that the summary does not cover.
    pub(crate) fn is_behind<'m>(
        &self,
        window: &Window,
        history: impl IntoIterator<Item = &'m Message>,
    ) -> bool {
        let history = paired(history.into_iter().cloned());
        let Selection { pinned, start, .. } = window.select(&history);
        self.messages.max(pinned) < start
    }

    /// Returns a request with the summary as a system message, and the messages of the window.
    pub fn request<'m>(
        &self,
        window: &Window,
        history: impl IntoIterator<Item = &'m Message>,
    ) -> Request {
        let summary = (!self.text.is_empty()).then(|| {
            Message::system(format!("A summary of the conversation so far:\n{}", self.text))
        });
        Request::new(summary.into_iter().chain(window.of(history)))
    }

    /// Returns the prompt that adds these messages.
    fn prompt(&self, messages: &[Message]) -> String {
        let mut text = String::from(INSTRUCTIONS);
        if !self.text.is_empty() {
            text.push_str("\n\nThe summary so far:\n");
            text.push_str(&self.text);
        }
        text.push_str("\n\nThe messages:");
        let short = |text: &str| text[..text.floor_char_boundary(BYTES_PER_TEXT)].to_owned();
        for message in messages {
            // writing to a string cannot fail
            let _ = write!(text, "\n{}: {}", author(message.role), short(&message.text));
            for call in &message.tool_calls {
                let _ =
                    write!(text, "\ncalls {}({})", call.name, short(&call.arguments.to_string()));
            }
        }
        text
    }
}

/// An extension of a [`Summary`], which is awaited.
///
/// It returns the usage of its requests, of which there are none if there is nothing to add. A long text contributes its
/// first 2 000 bytes, and a request contains at most 40 messages, so that its size is bounded.
///
/// # Errors
/// Returns the error of the model, also for an answer that is cut or empty. The summary then covers the messages of
/// the requests before.
///
/// # Cancel safety
/// Dropping the future drops the answer. The summary covers the messages of the requests before.
#[must_use = "nothing is sent before it is awaited"]
pub struct Extend<'a> {
    summary: &'a mut Summary,
    history: Vec<Message>,
    covered: usize,
    start: usize,
    chat: Box<dyn Fn(Request) -> Answer + Send + 'a>,
    options: Options,
    runtime: Option<Arc<dyn Runtime>>,
}

impl Extend<'_> {
    /// Sets the options of the requests, for example the system text or the length of an answer.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Sets the runtime that times the answers: `.runtime(cx.runtime())` in an action.
    pub fn runtime(mut self, runtime: &Arc<dyn Runtime>) -> Self {
        self.runtime = Some(Arc::clone(runtime));
        self
    }

    async fn run(self) -> Result<Usage, ModelError> {
        let Self { summary, history, mut covered, start, chat, options, runtime } = self;
        let mut usage = Usage::default();
        while covered < start {
            let end = start.min(covered + MESSAGES_PER_REQUEST);
            let mut request = Request::prompt(summary.prompt(&history[covered..end]));
            request.options = options.clone();
            if let Some(runtime) = &runtime {
                request = request.runtime(runtime);
            }
            let answer = chat(request).unbroken().whole().await?;
            if answer.end.reason != Reason::Complete || answer.text.trim().is_empty() {
                let reason = "it sent no complete summary".to_owned();
                return Err(ModelError::GaveUp { reason });
            }
            usage += answer.end.usage;
            *summary = Summary { text: answer.text, messages: end };
            covered = end;
        }
        Ok(usage)
    }
}

impl<'a> IntoFuture for Extend<'a> {
    type Output = Result<Usage, ModelError>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Extend<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extend").field("summary", &self.summary).finish_non_exhaustive()
    }
}

/// The number of messages that one request summarizes.
const MESSAGES_PER_REQUEST: usize = 40;

/// The part of a long text that is summarized.
const BYTES_PER_TEXT: usize = 2_000;

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
