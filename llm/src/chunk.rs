//! The chunks of an answer.

use crate::{Message, ToolCall};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, ops::AddAssign, time::Duration};
use tracing::{Span, field::display};

/// A chunk of an answer.
///
/// ```
/// use burdock_llm::{Chunk, Model, Reason, Request, Script, Scripted};
/// use futures::TryStreamExt;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let llm = Scripted::new([Script::new().say("Hel").say("lo")]);
/// let mut answer = llm.chat(Request::prompt("hi"));
/// while let Some(chunk) = answer.try_next().await? {
///     match chunk {
///         Chunk::Delta(text) => println!("{text}"),
///         Chunk::ToolCallDelta(delta) => print!("{}{}", delta.name, delta.arguments),
///         Chunk::ToolCall(call) => println!("calls {}", call.name),
///         Chunk::End(end) => assert_eq!(end.reason, Reason::Complete),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Chunk {
    /// More text.
    Delta(String),
    /// More of a call that the model is writing. The complete one follows, unless the answer is cut.
    ToolCallDelta(ToolCallDelta),
    /// A complete call of a function.
    ToolCall(ToolCall),
    /// The last item, unless the answer ends with an error.
    End(End),
}

/// More of a call that the model is writing, for programs that show it.
///
/// The arguments are text as the model writes it: JSON that may be invalid. Calls that the provider sends as a whole arrive
/// in one delta. A call that is repaired or cut may differ from its deltas; the [`ToolCall`] counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolCallDelta {
    /// The place of the call in the answer, from 0.
    pub index: usize,
    /// The name of the function, in the first delta of the call; then empty.
    pub name: String,
    /// More text of the arguments.
    pub arguments: String,
}

/// The end of an answer, and its usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct End {
    /// The reason why it ended.
    pub reason: Reason,
    /// The tokens and time that it took.
    pub usage: Usage,
}

/// Reasons why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The model finished, or waits for the results of its calls.
    Complete,
    /// The answer reached a length limit.
    Limit,
    /// The provider withheld the rest, or the model refused.
    Filtered,
    /// The connection was closed before the end of the answer.
    Truncated,
    /// The caller stopped or dropped the answer.
    Cancelled,
    /// The answer failed. The stream yields the error itself; this variant is for records.
    Failed,
}

/// Usage of an answer. Providers may omit values.
///
/// In a field of a state, it is recorded in the log with the commit of the step. The sum of several
/// usages adds their tokens and keeps the first `first_delta` that is known.
///
/// ```
/// use burdock_llm::Usage;
///
/// let mut usage = Usage { output_tokens: Some(3), ..Usage::default() };
/// usage += Usage { input_tokens: Some(7), output_tokens: Some(2), first_delta: None };
/// assert_eq!((usage.input_tokens, usage.output_tokens), (Some(7), Some(5)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Usage {
    /// Tokens of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Time from the request to the first text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_delta: Option<Duration>,
}

impl Chunk {
    /// Returns the text of a delta, or `None` for any other chunk.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Delta(text) => Some(text),
            Self::ToolCallDelta(_) | Self::ToolCall(_) | Self::End(_) => None,
        }
    }
}

impl End {
    /// Creates an end with this reason and without usage.
    pub fn because(reason: Reason) -> Self {
        Self { reason, usage: Usage::default() }
    }

    /// Records the end on the current span, which in an action is the span of its step.
    ///
    /// The fields are those of the OpenTelemetry semantic conventions: `gen_ai.usage.input_tokens`,
    /// `gen_ai.usage.output_tokens`, `gen_ai.response.time_to_first_chunk` in seconds and
    /// `gen_ai.response.finish_reasons`. A span only stores fields that it declares, and the span of a
    /// step declares none of these, so they are also emitted as an event in that span.
    pub fn record(&self) {
        self.record_in(&Span::current());
    }

    pub(crate) fn record_in(&self, span: &Span) {
        let Usage { input_tokens, output_tokens, first_delta } = self.usage;
        // OpenTelemetry exporters write a `u64` as a string, because their integers are signed
        let signed = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        let [input_tokens, output_tokens] = [input_tokens, output_tokens].map(|n| n.map(signed));
        let first = first_delta.map(|first| first.as_secs_f64());
        span.record("gen_ai.usage.input_tokens", input_tokens);
        span.record("gen_ai.usage.output_tokens", output_tokens);
        span.record("gen_ai.response.time_to_first_chunk", first);
        span.record("gen_ai.response.finish_reasons", display(self.reason));
        tracing::info!(
            parent: span,
            gen_ai.usage.input_tokens = input_tokens,
            gen_ai.usage.output_tokens = output_tokens,
            gen_ai.response.time_to_first_chunk = first,
            gen_ai.response.finish_reasons = %self.reason,
            "answered"
        );
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        let add = |tokens: Option<u64>, more: Option<u64>| match (tokens, more) {
            (Some(tokens), Some(more)) => Some(tokens.saturating_add(more)),
            (tokens, more) => tokens.or(more),
        };
        *self = Self {
            input_tokens: add(self.input_tokens, more.input_tokens),
            output_tokens: add(self.output_tokens, more.output_tokens),
            first_delta: self.first_delta.or(more.first_delta),
        };
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Complete => "complete",
            Self::Limit => "limit",
            Self::Filtered => "filtered",
            Self::Truncated => "truncated",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        })
    }
}

/// Converts an answer into the message that represents it in a history.
impl From<crate::answer::Whole> for Message {
    fn from(whole: crate::answer::Whole) -> Self {
        Self::assistant(whole.text).with_tool_calls(whole.tool_calls)
    }
}
