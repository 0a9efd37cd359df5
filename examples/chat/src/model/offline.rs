//! A responder without a model: a few rules over tables.
//!
//! [`RULES`] is the whole mind. Each rule looks at the talk and answers or passes; the last resort
//! turns the prompt around and says honestly that nobody is at home.

mod arithmetic;
mod memory;
mod programs;
mod reflection;
#[cfg(test)]
mod tests;
mod topics;
mod words;

use super::{Chunks, Message, ModelError, Role};
use futures_util::stream;
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

/// The offline responder.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Offline {
    pace: Pace,
}

/// What a rule sees.
struct Talk<'a> {
    preamble: Words,
    prompt: &'a str,
    words: Words,
    earlier: &'a [&'a Message],
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
    pub(super) fn from_name(name: &str) -> Result<Self, ModelError> {
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
    pub(super) fn with_pace(pace: Pace) -> Self {
        Self { pace }
    }

    /// Streams the answer word by word, each with the space that follows it.
    pub(super) fn chat(self, preamble: &str, earlier: &[&Message], prompt: &Message) -> Chunks {
        let text = answer(preamble, earlier, &prompt.text);
        let pieces = words::pieces(&text).into_iter().enumerate();
        Box::pin(stream::unfold((pieces, String::new()), move |(mut pieces, before)| async move {
            let (index, piece) = pieces.next()?;
            if let Some(pause) = self.pace.pause(index, &before) {
                tokio::time::sleep(pause).await;
            }
            Some((Ok(piece.clone()), (pieces, piece)))
        }))
    }
}

/// The whole answer.
fn answer(preamble: &str, earlier: &[&Message], prompt: &str) -> String {
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
