//! The graph.
//!
//! The loop of the agent is a cycle of two nodes, with a bound on its turns. The match is exhaustive: a new topic does
//! not compile before it has a target.

use crate::{
    actions::{answer, ask, escalate, file, use_tools},
    shop::Shop,
    state::{Desk, Shown},
    triage::{Topic, classify},
};
use burdock::prelude::*;
use burdock_llm::Model;
use std::{sync::Arc, time::Duration};

/// The largest number of turns of the model for one prompt.
pub const TURNS: u32 = 8;

graph! {
    /// Answers the customers of a shop.
    ///
    /// It looks up orders, tracks parcels and refunds orders.
    pub Support(Desk) {
        inputs { prompt: String }
        resources { llm: Arc<dyn Model>, shop: Arc<Shop> }
        yields Shown;

        nodes {
            ask,
            triage: classify,
            file,
            #[timeout(Duration::from_mins(5))]
            answer,
            use_tools,
            escalate,
        }

        start ask;
        ask -> triage;
        triage -> file;
        file -> match state.triage.topic {
            Topic::Orders | Topic::Refund | Topic::Other => answer,
            Topic::Person => escalate,
        };
        answer -> if state.calls.is_empty() {
            pause ask
        } else if state.turns < TURNS {
            use_tools
        } else {
            // a model that still calls tools does not find the answer
            escalate
        };
        use_tools -> answer;
        escalate -> pause ask;
    }
}
