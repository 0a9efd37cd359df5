//! The triage of a request: a typed prompt.
//!
//! The model fills in the type; the docs of its fields and variants are part of the prompt. The page shows the value
//! while it grows, and the graph branches on it when it is complete.

use crate::state::Desk;
use burdock_llm::{Partial, prompt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The triage of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Partial)]
pub struct Triage {
    /// The topic of the request.
    pub topic: Topic,
    /// From 1, can wait, to 5, now.
    #[schemars(range(min = 1, max = 5))]
    pub urgency: u8,
    /// The request in at most ten words.
    pub summary: String,
}

/// The topic of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Partial)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Orders and parcels: which ones there are, and where they are.
    Orders,
    /// Money back: a refund of an order, or a return.
    Refund,
    /// A talk to a person, a human, or a complaint.
    Person,
    /// Anything else.
    Other,
}

/// Read the request of a customer of a web shop, and fill in the form.
///
/// The request: {prompt}
#[prompt(state = Desk, reads(prompt), writes(triage), usage = usage, retries = 2)]
pub async fn classify(prompt: &str) -> Triage;
