//! An agent: a graph that asks a model, runs the tools that the model calls, and asks again, until the model answers.
//!
//! [`Agent`] is an ordinary graph: each answer and each round of tools is a step, which is committed, can be stopped, and
//! continues after a crash. It runs on its own, as here, or as a child of another graph.
//!
//! ```
//! use burdock_llm::{Agent, AgentInputs, AgentResources, Model, Script, Scripted, tool, tools, toolset};
//! # use burdock_llm::ToolCall;
//! # use serde_json::json;
//! use std::sync::Arc;
//!
//! /// Orders by e-mail address.
//! struct Shop(Vec<(&'static str, u64)>);
//!
//! /// Finds the orders of a customer.
//! #[tool]
//! async fn find_orders(#[resource] shop: &Shop, email: String) -> burdock::Result<Vec<u64>> {
//!     let found = shop.0.iter().filter(|(owner, _)| *owner == email);
//!     Ok(found.map(|(_, order)| *order).collect())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let call = ToolCall::new("1", "find_orders", json!({ "email": "ada@example.org" }));
//! # let llm = Scripted::new([Script::new().call(call), Script::new().say("You have ").say("one.")]);
//! let shop = Shop(vec![("ada@example.org", 17)]);
//! let tools = toolset(shop, |shop| tools![find_orders { shop }]);
//! let llm: Arc<dyn Model> = Arc::new(llm);
//! let mut app = Agent::app().resources(AgentResources { llm, tools }).build().await?;
//!
//! let prompt = AgentInputs::new("Which orders does ada@example.org have?");
//! let mut run = app.run(prompt.instructions("Be brief."));
//! while let Some(event) = run.next().await {
//!     print!("{}", event?.text().unwrap_or_default());
//! }
//! let end = run.finish().await?;
//! assert_eq!(end.state().answer(), "You have one.");
//! # Ok(()) }
//! ```
//!
//! # As a child
//!
//! An action receives agents with `#[graph] agent: Sub<'_, Agent>`. The graph of the action has the resources of the agent,
//! with the names and types of [`AgentResources`]; [`AgentOptions::tools`] chooses among the tools.
//!
//! ```
//! use burdock::prelude::*;
//! use burdock_llm::{Agent, AgentEvent, AgentInputs, Model, Toolset};
//! use serde::{Deserialize, Serialize};
//! use std::sync::Arc;
//!
//! #[derive(State, Clone, Default, Serialize, Deserialize)]
//! struct Report {
//!     questions: Vec<String>,
//!     findings: Vec<String>,
//! }
//!
//! /// Lets one agent work on each question, at the same time.
//! #[streaming_action(state = Report, reads(questions), writes(findings), yields(AgentEvent))]
//! async fn investigate(report: Reads<'_>, #[graph] agent: Sub<'_, Agent>) -> Result<Writes> {
//!     let mut runs = agent.each(report.questions.iter().map(|question| (question, AgentInputs::new(question))));
//!     while let Some(event) = runs.next().await {
//!         if let SubEvent::Item { item, .. } = event? {
//!             yield_!(item);
//!         }
//!     }
//!     Ok(Writes { findings: runs.into_ends().map(|(_, end)| end.state().answer().to_owned()).collect() })
//! }
//!
//! graph! {
//!     Reporting(Report) {
//!         resources { llm: Arc<dyn Model>, tools: Arc<dyn Toolset> }
//!         yields AgentEvent;
//!         nodes { investigate }
//!         start investigate;
//!         investigate -> end;
//!     }
//! }
//! # use burdock_llm::{Script, Scripted, Tools};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
//! # let llm = Scripted::new([]).when("tides", Script::new().say("T")).when("moons", Script::new().say("M"));
//! # let resources = ReportingResources { llm: Arc::new(llm), tools: Arc::new(Tools::new()) };
//! # let report = Report { questions: vec!["tides".into(), "moons".into()], ..Report::default() };
//! # let mut app = Reporting::app().state(report).resources(resources).build().await?;
//! # assert_eq!(app.run(ReportingInputs {}).await?.state().findings, ["T", "M"]);
//! # Ok(()) }
//! ```
//!
//! A parent that continues a conversation has an [`AgentState`] in a field of its state, passes it to
//! [`Sub::run_from`](burdock::run::Sub::run_from), and writes the state at the end of the child.
//!
//! # How it ends
//!
//! The run pauses when the work on the prompt ends, and the next prompt continues the conversation.
//!
//! | the model | [`AgentState::end`] | [`AgentState::answer`] |
//! |---|---|---|
//! | answers without calling a tool | [`AgentEnd::Answered`] | the text |
//! | is cut by a length limit, a filter or the provider | [`AgentEnd::Cut`] | the text until then |
//! | is stopped after some text | [`AgentEnd::Stopped`] | the text until then |
//! | calls tools in the last of its [turns](AgentOptions::max_turns) | [`AgentEnd::TurnLimit`] | "I have not found an answer in 10 turns." |
//!
//! A stop before the first text, after a call, or while tools run leaves the run unfinished, with the results so far: a resume
//! continues. A new prompt instead adds a result to each call that has none, so that the history stays legal.
//!
//! # Interruptions
//!
//! A tool call with a result is not made again, whatever interrupts the step: see
//! [`ToolRun::in_step`](crate::tool::ToolRun::in_step). An answer that was interrupted is requested again. A failed request
//! fails the step: wrap the model in [`Retrying`](crate::Retrying), or resume.

mod actions;
mod event;
mod graph;
mod state;

pub use self::{
    event::AgentEvent,
    graph::{Agent, AgentInputs, AgentNode, AgentResources, AgentWrites},
    state::{AgentEnd, AgentMemory, AgentOptions, AgentState},
};
