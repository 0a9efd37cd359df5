//! The actions of the nodes, except [`classify`](fn@crate::triage::classify), which is a prompt.
//!
//! The loop of the agent consists of two of them: [`answer`] asks the model, which answers or calls tools, and
//! [`use_tools`] runs the calls. Each turn is committed.

use crate::{
    shop::Shop,
    state::{Desk, Shown, Ticket},
    tools,
};
use burdock::{Context, prelude::*};
use burdock_llm::{Chunk, Message, Model, ModelError, Request, Role, Window};
use futures_util::TryStreamExt;
use std::sync::Arc;

/// The instructions of the model.
const SYSTEM: &str = "You answer the customers of a web shop. Use the tools to look things up, and do not guess. \
    Ask for the e-mail address if you need it. Refund an order only if the customer wants that. Be brief.";

/// Takes the prompt.
#[action(state = Desk, writes(prompt, calls, turns), appends(history))]
pub async fn ask(#[input] prompt: String) -> Result<Writes> {
    let history = vec![Message::user(&prompt)];
    Ok(Writes { prompt, calls: Vec::new(), turns: 0, history })
}

/// Keeps the triage with the prompt.
#[action(state = Desk, reads(history, triage), appends(tickets))]
pub async fn file(desk: Reads<'_>) -> Result<Writes> {
    let prompts = desk.history.iter().filter(|message| message.role == Role::User).count();
    let ticket = Ticket { prompt: prompts.saturating_sub(1), triage: desk.triage.clone() };
    Ok(Writes { tickets: vec![ticket] })
}

/// Answers, or calls tools.
#[streaming_action(state = Desk, reads(history, turns, usage), writes(calls, turns, usage), appends(history), yields(Shown))]
pub async fn answer(
    desk: Reads<'_>,
    #[resource] llm: &Arc<dyn Model>,
    #[resource] shop: &Arc<Shop>,
    #[context] cx: &Context,
) -> Result<Writes> {
    let tools = tools::of(shop);
    let request = Request::new(Window::tokens(8_000).of(desk.history)).tools(&tools).system(SYSTEM);
    let answer = llm.chat(request.runtime(cx.runtime())).recorded().until(cx.stopped());
    let (deltas, transcript) = answer.transcribe();
    let (mut chunks, mut calls) = (deltas.chunks(), tools.reader());
    while let Some(chunk) = chunks.try_next().await.map_err(ModelError::into_action)? {
        match chunk {
            Chunk::Delta(text) => {
                yield_!(Shown::Text(text));
            }
            Chunk::ToolCallDelta(delta) => {
                for change in calls.read(&delta) {
                    yield_!(Shown::Writing(change));
                }
            }
            Chunk::ToolCall(call) => {
                yield_!(Shown::Call(call));
            }
            Chunk::End(_) => {}
        }
    }
    let whole = transcript.take();
    let mut usage = *desk.usage;
    usage += whole.end.usage;
    let calls = whole.tool_calls.clone();
    let message = Message::from(whole);
    let history = if message.is_empty() { Vec::new() } else { vec![message] };
    Ok(Writes { calls, turns: desk.turns + 1, usage, history })
}

/// Runs the calls of the last answer. A stop or a crash keeps the results received so far.
#[streaming_action(state = Desk, reads(calls), writes(calls), appends(history), yields(Shown))]
pub async fn use_tools(
    desk: Reads<'_>,
    #[resource] shop: &Arc<Shop>,
    #[context] cx: &Context,
) -> Result<Writes> {
    let tools = tools::of(shop);
    let mut run = tools.run(desk.calls.clone()).in_step(cx);
    while let Some(event) = run.next().await {
        yield_!(Shown::Tool(event?));
    }
    Ok(Writes { history: run.messages(), calls: Vec::new() })
}

/// Leaves the conversation to a person.
#[streaming_action(state = Desk, appends(history), yields(Shown))]
pub async fn escalate() -> Result<Writes> {
    let text = "A colleague will write to you today.";
    yield_!(Shown::Text(text.to_owned()));
    Ok(Writes { history: vec![Message::assistant(text)] })
}
