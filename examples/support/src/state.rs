//! The state of the graph, and its items.

use crate::triage::Triage;
use burdock::prelude::*;
use burdock_llm::{Change, Message, ToolCall, ToolEvent, Usage, tool::ToolCallChange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The state of a conversation with a customer.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Desk {
    /// All messages, with the calls of tools and their results.
    pub history: Vector<Message>,
    /// The triage of each prompt that has one.
    pub tickets: Vector<Ticket>,
    /// The current prompt.
    pub prompt: Slot<String>,
    /// Its triage.
    pub triage: Slot<Triage>,
    /// The calls of the last answer, which have no results yet.
    pub calls: Vec<ToolCall>,
    /// The turns of the model since the last prompt.
    pub turns: u32,
    /// The tokens of the whole conversation.
    #[state(public)]
    pub usage: Usage,
    /// The prices of the model when the conversation started.
    pub prices: Prices,
}

/// The triage of a prompt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ticket {
    /// The number of the prompt in the history, from 0.
    pub prompt: usize,
    /// Its triage.
    pub triage: Triage,
}

/// An item of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// A change of the triage.
    Triage(Change<Triage>),
    /// More text of an answer.
    Text(String),
    /// A change of a call that the model is writing.
    Writing(ToolCallChange),
    /// A complete call.
    Call(ToolCall),
    /// An event of a tool.
    Tool(ToolEvent),
}

impl From<Change<Triage>> for Shown {
    fn from(change: Change<Triage>) -> Self {
        Self::Triage(change)
    }
}

/// Prices of a model, in billionths of a dollar per token: 0.15 dollars per million tokens are 150.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// Of a token of a request.
    pub input: u64,
    /// Of a token of an answer.
    pub output: u64,
}

impl Prices {
    /// Returns the cost of a conversation in dollars; `None` if the prices are unknown.
    pub fn cost(self, usage: Usage) -> Option<Dollars> {
        if self == Self::default() {
            return None;
        }
        let input = usage.input_tokens.unwrap_or(0).saturating_mul(self.input);
        let output = usage.output_tokens.unwrap_or(0).saturating_mul(self.output);
        Some(Dollars(input.saturating_add(output)))
    }
}

/// A text that is not two prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected two prices in dollars per million tokens, such as 0.15/0.6")]
pub struct InvalidPrices;

/// Parses `INPUT/OUTPUT`, each in dollars per million tokens.
impl FromStr for Prices {
    type Err = InvalidPrices;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (input, output) = text.split_once('/').ok_or(InvalidPrices)?;
        let price = |text: &str| {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            if fraction.len() > 3 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
                return None;
            }
            let thousandths: u64 = format!("{fraction:0<3}").parse().ok()?;
            whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(thousandths)
        };
        let prices = price(input).zip(price(output)).ok_or(InvalidPrices)?;
        Ok(Self { input: prices.0, output: prices.1 })
    }
}

/// An amount in billionths of a dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dollars(pub u64);

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // ten-thousandths, rounded up: a conversation never costs less than what is shown
        let rounded = self.0.div_ceil(100_000);
        write!(f, "${}.{:04}", rounded / 10_000, rounded % 10_000)
    }
}

impl Desk {
    /// Describes the usage and the cost of the conversation.
    pub fn spent(&self) -> Option<String> {
        let Usage { input_tokens, output_tokens, .. } = self.usage;
        if input_tokens.is_none() && output_tokens.is_none() {
            return None;
        }
        let [input, output] = [input_tokens, output_tokens].map(Option::unwrap_or_default);
        let tokens = format!("{input} tokens read, {output} written");
        Some(match self.prices.cost(self.usage) {
            Some(cost) => format!("{tokens}, {cost}"),
            None => tokens,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Desk, Prices};
    use burdock_llm::Usage;

    #[test]
    fn prices_are_parsed_exactly() {
        assert_eq!("0.15/0.6".parse(), Ok(Prices { input: 150, output: 600 }));
        assert_eq!("3/15".parse(), Ok(Prices { input: 3000, output: 15_000 }));
        for wrong in ["", "3", "3/", "a/b", "0.0001/1", "-1/1", "1./.5", "1/2/3"] {
            assert!(wrong.parse::<Prices>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn cost_is_that_of_the_whole_conversation() {
        let usage =
            Usage { input_tokens: Some(12_000), output_tokens: Some(501), ..Usage::default() };
        let mut desk = Desk { usage, ..Desk::default() };
        assert_eq!(desk.spent().as_deref(), Some("12000 tokens read, 501 written"));
        desk.prices = Prices { input: 150, output: 600 };
        assert_eq!(desk.spent().as_deref(), Some("12000 tokens read, 501 written, $0.0022"));
        assert_eq!(Desk::default().spent(), None);
    }
}
