//! What an answer is made of.

use crate::{Message, ToolCall};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, ops::AddAssign, time::Duration};
use tracing::{Span, field::display};

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Chunk {
    /// More text.
    Delta(String),
    /// A function to call, complete.
    ToolCall(ToolCall),
    /// The last piece, exactly once, unless an error is the last.
    End(End),
}

/// How an answer ended, and what it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Why it ended.
    pub reason: Reason,
    /// What it took.
    pub usage: Usage,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The model said all it wanted, or waits for the results of its calls.
    Complete,
    /// It became as long as it may.
    Limit,
    /// The provider withholds the rest, or the model refuses.
    Filtered,
    /// The connection was cut before the model came to an end.
    Truncated,
    /// Nobody wanted the rest.
    Cancelled,
    /// There was an error. The stream gives the error itself; this is for records.
    Failed,
}

/// What an answer took; a provider may not say everything.
///
/// As a field of a state it stands in the log, in the commit of the step that asked. What several
/// answers took is their sum, whose first text is that of the first of them.
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
    /// From the request to the first text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_delta: Option<Duration>,
}

impl Chunk {
    /// The text, if it is some.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Delta(text) => Some(text),
            Self::ToolCall(_) | Self::End(_) => None,
        }
    }
}

impl End {
    /// An end for this reason, of which nothing else is known.
    pub fn because(reason: Reason) -> Self {
        Self { reason, usage: Usage::default() }
    }

    /// Records it on the current span, which in an action is that of its step.
    ///
    /// The fields are those of the semantic conventions: `gen_ai.usage.input_tokens`,
    /// `gen_ai.usage.output_tokens`, `gen_ai.response.time_to_first_chunk` in seconds and
    /// `gen_ai.response.finish_reasons`. A span takes only what it declares, and that of a step
    /// declares none of them; so they are an event in that span as well.
    pub fn record(&self) {
        self.record_in(&Span::current());
    }

    pub(crate) fn record_in(&self, span: &Span) {
        let Usage { input_tokens, output_tokens, first_delta } = self.usage;
        // exporters of OpenTelemetry, whose integers are signed, write a `u64` as a string
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

/// The message that an answer becomes in a history.
impl From<crate::answer::Whole> for Message {
    fn from(whole: crate::answer::Whole) -> Self {
        Self::assistant(whole.text).with_tool_calls(whole.tool_calls)
    }
}
