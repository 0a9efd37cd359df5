//! A rule-based responder that needs no model.
//!
//! [`RULES`] lists the rules in order. Each rule either answers the prompt or passes. If all of them
//! pass, the responder reflects the prompt and explains that it is offline.

mod arithmetic;
mod calls;
mod filled;
mod memory;
mod programs;
mod reflection;
#[cfg(test)]
mod tests;
mod topics;
mod words;

use crate::{
    Answer, Chunk, End, Message, Model, ModelError, Reason, Request, ResponseSchema, Role,
    ToolCall, ToolCallDelta,
    clock::{Clock, Stopwatch},
};
use burdock::Runtime;
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::Value;
use std::time::Duration;
use words::Words;

/// The speed of the offline responder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// The rhythm of a typist, with longer pauses at punctuation.
    #[default]
    Natural,
    /// No pauses.
    Instant,
}

/// A rule-based responder that needs neither a model, nor a network, nor a key, so that a program runs
/// anywhere.
///
/// It explains a few topics, calculates, writes small programs, remembers names, and states that it is
/// not a model. If the request has a schema, the answer is made-up values that fit it, in which choices follow the
/// prompt. If it has tools, the one whose
/// name and description have most words of the prompt is called, with arguments from the prompt. The same
/// messages always get the same answer in the same rhythm. Tokens are counted as words.
///
/// ```
/// use burdock_llm::{Model, Offline, Pace, Request};
///
/// let model = Offline::with_pace(Pace::Instant);
/// # futures::executor::block_on(async {
/// let answer = model.chat(Request::prompt("What is 3 * 4?")).whole().await?;
/// assert_eq!(answer.text, "3 * 4 = 12. That much I can do without a model.");
/// # Ok::<_, burdock_llm::ModelError>(()) }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Offline {
    pace: Pace,
    clock: Clock,
}

/// The input of a rule.
struct Talk<'a> {
    preamble: Words,
    prompt: &'a str,
    words: Words,
    earlier: &'a [Message],
}

/// Answers the prompt, or returns `None` to pass it to the next rule.
type Rule = fn(&Talk<'_>) -> Option<String>;

/// Rules in order. The first one that answers is used.
const RULES: &[Rule] = &[
    programs::write_program,
    memory::note_name,
    memory::recall_name,
    memory::recall_question,
    memory::recall_answer,
    arithmetic::calculate,
    topics::write_limerick,
    topics::explain,
];

impl Pace {
    /// Parses the name of a pace.
    pub(crate) fn from_name(name: &str) -> Result<Self, ModelError> {
        match name {
            "natural" => Ok(Self::Natural),
            "instant" => Ok(Self::Instant),
            _ => Err(ModelError::Setting {
                name: "BURDOCK_PACE",
                expected: "`natural` or `instant`",
            }),
        }
    }

    /// Returns the pause before the word at `index`, given the word before it.
    ///
    /// It depends only on the words, so that the same answer always has the same rhythm.
    fn pause(self, index: usize, before: &str) -> Option<Duration> {
        let breath = match before.trim_end().chars().next_back() {
            _ if self == Self::Instant => return None,
            None | Some('.' | '?' | '!') => 220,
            Some(',' | ';' | ':') => 110,
            Some(_) => 0,
        };
        let jitter = (index * 37 + before.len() * 13) % 45;
        Some(Duration::from_millis(25 + breath + u64::try_from(jitter).unwrap_or(0)))
    }
}

impl Offline {
    /// Creates a responder with this pace.
    pub fn with_pace(pace: Pace) -> Self {
        Self { pace, ..Self::default() }
    }

    /// Sets the runtime that times the pauses between words, and the answer. Defaults to that of the
    /// request.
    #[must_use]
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.clock = Clock::new(runtime);
        self
    }

    /// Streams the answer word by word, each with the whitespace that follows it.
    fn respond(self, request: &Request) -> Result<Answer, ModelError> {
        let messages = &request.messages;
        let last = messages.iter().rposition(|message| message.role == Role::User);
        let last = last.ok_or(ModelError::NothingAsked)?;
        let (earlier, rest) = messages.split_at(last);
        let prompt = rest.first().map_or("", |message| message.text.as_str());
        let system = request.options.system.as_deref().unwrap_or_default();
        let call = calls::choose(&request.options, messages, prompt);
        let text = match (&call, &request.options.schema) {
            (Some(call), _) => format!("I call `{}`.", call.name),
            (None, Some(schema)) => json(&filled::fill(&schema.schema, prompt)),
            (None, None) => {
                calls::report(messages).unwrap_or_else(|| answer(system, earlier, prompt))
            }
        };
        let pieces = words::pieces(&text);
        let input: usize = messages.iter().map(|message| words::pieces(&message.text).len()).sum();
        let output = pieces.len();

        let mut watch = self.clock.stopwatch();
        let state = (pieces.into_iter().enumerate(), String::new(), self);
        let deltas = stream::unfold(state, async |(mut pieces, before, this)| {
            let (index, piece) = pieces.next()?;
            if let Some(pause) = this.pace.pause(index, &before) {
                this.clock.sleep(pause).await;
            }
            Some((piece.clone(), (pieces, piece, this)))
        });
        let end = move |watch: &Stopwatch| End {
            reason: Reason::Complete,
            usage: watch.usage(u64::try_from(input).ok(), u64::try_from(output).ok()),
        };
        let texts = deltas.map(|delta| Some(Chunk::Delta(delta)));
        let calls = stream::iter(call.into_iter().flat_map(written).map(Some));
        let chunks = texts.chain(calls).chain(stream::iter([None])).map(move |chunk| {
            Ok(if let Some(chunk) = chunk {
                watch.delta();
                chunk
            } else {
                Chunk::End(end(&watch))
            })
        });
        Ok(Answer::new(chunks))
    }
}

impl Model for Offline {
    fn chat(&self, request: Request) -> Answer {
        let clock = self.clock.or(&request.clock);
        let this = Self { clock: clock.clone(), ..*self };
        let answer = async move {
            this.respond(&request).unwrap_or_else(|error| Answer::new(stream::iter([Err(error)])))
        };
        Answer::timed(answer.flatten_stream(), clock)
    }

    fn accepts_schema(&self, _: &ResponseSchema) -> bool {
        true
    }
}

/// Returns a call as a model writes it: its name, the pieces of its arguments, and the complete call.
fn written(call: ToolCall) -> impl Iterator<Item = Chunk> {
    let delta = |name: &str, arguments: String| {
        Chunk::ToolCallDelta(ToolCallDelta { index: 0, name: name.to_owned(), arguments })
    };
    let name = delta(&call.name, String::new());
    let pieces = call.arguments.to_string();
    let pieces: Vec<Chunk> =
        pieces.split_inclusive(',').map(|piece| delta("", piece.to_owned())).collect();
    [name].into_iter().chain(pieces).chain([Chunk::ToolCall(call)])
}

/// Formats a value as readable JSON.
fn json(value: &Value) -> String {
    // serialization of a `Value` cannot fail
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Returns the whole answer.
fn answer(preamble: &str, earlier: &[Message], prompt: &str) -> String {
    let talk = Talk { preamble: Words::new(preamble), prompt, words: Words::new(prompt), earlier };
    RULES.iter().find_map(|rule| rule(&talk)).unwrap_or_else(|| reflection::reflect(&talk))
}

impl Talk<'_> {
    /// Returns the earlier messages of the user, the latest last.
    fn earlier_prompts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.texts_of(Role::User)
    }

    /// Returns whether an earlier answer contains this text.
    fn has_answered(&self, text: &str) -> bool {
        self.texts_of(Role::Assistant).any(|answer| answer.contains(text))
    }

    fn texts_of(&self, role: Role) -> impl DoubleEndedIterator<Item = &str> {
        let messages = self.earlier.iter().filter(move |message| message.role == role);
        messages.map(|message| message.text.as_str())
    }
}
