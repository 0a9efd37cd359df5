//! The graph.

use super::{
    AgentEvent, AgentOptions, AgentState,
    actions::{answer, ask, give_up, use_tools},
};
use crate::{Model, Toolset};
use burdock::prelude::*;
use std::sync::Arc;

graph! {
    /// Asks a model, runs the tools that it calls, and asks again, until it answers.
    ///
    /// The module [`agent`](crate::agent) describes it.
    pub Agent(AgentState) {
        inputs { prompt: String, options: AgentOptions }
        resources { llm: Arc<dyn Model>, tools: Arc<dyn Toolset> }
        yields AgentEvent;
        nodes {
            ask,
            answer,
            use_tools,
            give_up,
        }
        start ask;
        ask -> answer;
        answer -> if !state.calls.is_empty() {
            if state.turns_left > 0 { use_tools } else { give_up }
        } else if state.end.is_some() {
            pause
        } else {
            answer
        };
        use_tools -> answer;
        give_up -> pause;
    }
}

impl AgentInputs {
    /// Creates the inputs for a prompt, with the default options.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self { prompt: prompt.into(), options: AgentOptions::default() }
    }

    /// Sets the system prompt.
    #[must_use]
    pub fn instructions(mut self, text: impl Into<String>) -> Self {
        self.options.instructions = text.into();
        self
    }

    /// Sets the options.
    #[must_use]
    pub fn options(mut self, options: AgentOptions) -> Self {
        self.options = options;
        self
    }
}
