//! An agent as a graph: it asks a model, runs the tools that the model calls, and asks again, until the model answers.

mod actions;
mod event;
mod graph;
mod state;

pub use self::{
    event::AgentEvent,
    graph::{Agent, AgentInputs, AgentNode, AgentResources, AgentWrites},
    state::{AgentEnd, AgentMemory, AgentOptions, AgentState},
};
