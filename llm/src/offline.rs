//! A responder without a model: a few rules over tables.
//!
//! [`RULES`] is the whole mind. Each rule looks at the talk and answers or passes; the last resort
//! turns the prompt around and says honestly that nobody is at home.

mod arithmetic;
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
    clock::{Clock, Stopwatch},
};
use burdock::Runtime;
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::Value;
use std::time::Duration;
use words::Words;

/// How fast the offline responder talks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Like somebody who types well: longer pauses where a reader would breathe.
    #[default]
    Natural,
    /// All at once.
    Instant,
}

/// A responder without a model: a few rules that need neither network nor key, so that a program
/// runs anywhere.
///
/// It explains a handful of things, calculates, writes small programs, remembers names, and says
/// honestly that it is no model. A schema in the request it fills with values that it makes up. The same messages always get the same answer in the same rhythm.
/// As tokens it counts words.
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

/// What a rule sees.
struct Talk<'a> {
    preamble: Words,
    prompt: &'a str,
    words: Words,
    earlier: &'a [Message],
}

/// Answers, or leaves it to the next rule.
type Rule = fn(&Talk<'_>) -> Option<String>;

/// The first rule that answers wins.
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
    /// Reads the pace from a setting.
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

    /// How long to wait before the word at `index`, given what was said just before it.
    ///
    /// The variation comes from the words alone, so that the same answer always has the same rhythm.
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
    /// Makes one that talks this fast.
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

    /// Streams the answer word by word, each with the space that follows it.
    fn say(self, request: &Request) -> Result<Answer, ModelError> {
        let messages = &request.messages;
        let last = messages.iter().rposition(|message| message.role == Role::User);
        let last = last.ok_or(ModelError::NothingAsked)?;
        let (earlier, rest) = messages.split_at(last);
        let prompt = rest.first().map_or("", |message| message.text.as_str());
        let system = request.options.system.as_deref().unwrap_or_default();
        let text = match &request.options.schema {
            Some(schema) => json(&filled::fill(&schema.schema)),
            None => answer(system, earlier, prompt),
        };
        let pieces = words::pieces(&text);
        let heard: usize = messages.iter().map(|message| words::pieces(&message.text).len()).sum();
        let said = pieces.len();

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
            usage: watch.usage(u64::try_from(heard).ok(), u64::try_from(said).ok()),
        };
        let chunks = deltas.map(Some).chain(stream::iter([None])).map(move |delta| {
            Ok(if let Some(delta) = delta {
                watch.delta();
                Chunk::Delta(delta)
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
            this.say(&request).unwrap_or_else(|error| Answer::new(stream::iter([Err(error)])))
        };
        Answer::timed(answer.flatten_stream(), clock)
    }

    fn accepts_schema(&self, _: &ResponseSchema) -> bool {
        true
    }
}

/// A value as JSON that is read with pleasure.
fn json(value: &Value) -> String {
    // JSON is written without an error
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The whole answer.
fn answer(preamble: &str, earlier: &[Message], prompt: &str) -> String {
    let talk = Talk { preamble: Words::new(preamble), prompt, words: Words::new(prompt), earlier };
    RULES.iter().find_map(|rule| rule(&talk)).unwrap_or_else(|| reflection::turn_around(&talk))
}

impl Talk<'_> {
    /// What the user said before, the latest last.
    fn earlier_prompts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.said_by(Role::User)
    }

    /// Whether an earlier answer contains this text.
    fn was_said(&self, text: &str) -> bool {
        self.said_by(Role::Assistant).any(|said| said.contains(text))
    }

    fn said_by(&self, role: Role) -> impl DoubleEndedIterator<Item = &str> {
        let messages = self.earlier.iter().filter(move |message| message.role == role);
        messages.map(|message| message.text.as_str())
    }
}
