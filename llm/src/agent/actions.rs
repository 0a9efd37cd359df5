//! The actions of the nodes.

use super::{AgentEnd, AgentEvent, AgentMemory, AgentOptions, AgentState};
use crate::{
    Message, Model, ModelError, Reason, Request, Summary, Tools, Toolset, Usage,
    history::interrupted, tool::ToolResult,
};
use burdock::{Context, prelude::*};
use futures_util::{
    TryStreamExt,
    future::{Either, select},
};
use std::{pin::pin, sync::Arc};

/// Adds the prompt.
#[action(state = AgentState, reads(history, calls), writes(history, calls, turns_left, end))]
pub(super) async fn ask(
    agent: Reads<'_>,
    #[input] prompt: &String,
    #[input] options: &AgentOptions,
) -> Result<Writes> {
    // of an answer whose calls did not run to their end
    let results = agent.calls.iter().map(interrupted);
    let history = agent.history.with_all(results.chain([Message::user(prompt)]));
    Ok(Writes { history, calls: Vec::new(), turns_left: turns(options), end: None })
}

/// Asks the model, which answers or calls tools. A stop keeps the text until then.
#[streaming_action(
    state = AgentState,
    reads(history, turns_left, summary, usage),
    writes(history, calls, turns_left, end, summary, usage),
    yields(AgentEvent)
)]
pub(super) async fn answer(
    agent: Reads<'_>,
    #[input] options: &AgentOptions,
    #[resource] llm: &Arc<dyn Model>,
    #[resource] tools: &Arc<dyn Toolset>,
    #[context] cx: &Context,
) -> Result<Writes> {
    let tools = chosen(&**tools, options);
    let (summary, spent) = summarized(agent.history, agent.summary, options, llm, cx).await?;
    let request = request(agent.history, &summary, options).tools(&tools);
    let answer = llm.chat(request.runtime(cx.runtime())).recorded().until(cx.stopped());
    let (deltas, transcript) = answer.transcribe();
    let (mut chunks, mut calls) = (deltas.chunks(), tools.reader());
    while let Some(chunk) = chunks.try_next().await.map_err(ModelError::into_action)? {
        for event in AgentEvent::of_chunk(chunk, &mut calls) {
            yield_!(event);
        }
    }
    let whole = transcript.take();
    let mut usage = *agent.usage;
    usage += spent;
    usage += whole.end.usage;
    let (calls, reason) = (whole.tool_calls.clone(), whole.end.reason);
    let message = Message::from(whole);
    let (mut history, mut turns_left) = (agent.history.clone(), *agent.turns_left);
    if message.is_empty() && cx.is_stopped() {
        // the prompt is still unanswered: a resume asks again
        return Ok(Writes { history, calls, turns_left, end: None, summary, usage });
    }
    if !message.is_empty() {
        history.push_back(message);
    }
    turns_left = turns_left.saturating_sub(1);
    let end = calls.is_empty().then(|| agent_end(reason));
    Ok(Writes { history, calls, turns_left, end, summary, usage })
}

/// Runs the calls of the last answer. A stop keeps the results until then.
#[streaming_action(
    state = AgentState,
    reads(history, calls),
    writes(history, calls, end),
    yields(AgentEvent)
)]
pub(super) async fn use_tools(
    agent: Reads<'_>,
    #[input] options: &AgentOptions,
    #[resource] tools: &Arc<dyn Toolset>,
    #[context] cx: &Context,
) -> Result<Writes> {
    let tools = chosen(&**tools, options);
    let mut run = tools.run(agent.calls.clone()).in_step(cx);
    while let Some(event) = run.next().await {
        yield_!(AgentEvent::Tool(event?));
    }
    let history = agent.history.with_all(run.messages());
    Ok(Writes { history, calls: Vec::new(), end: None })
}

/// Answers that there is no answer within the turns.
#[streaming_action(
    state = AgentState,
    reads(history, calls),
    writes(history, calls, end),
    yields(AgentEvent)
)]
pub(super) async fn give_up(agent: Reads<'_>, #[input] options: &AgentOptions) -> Result<Writes> {
    let text = match turns(options) {
        1 => "I have not found an answer in one turn.".to_owned(),
        turns => format!("I have not found an answer in {turns} turns."),
    };
    yield_!(AgentEvent::Text(text.clone()));
    let results = agent.calls.iter().map(|call| ToolResult::not_started().message(call));
    let history = agent.history.with_all(results.chain([Message::assistant(text)]));
    Ok(Writes { history, calls: Vec::new(), end: Some(AgentEnd::TurnLimit) })
}

fn turns(options: &AgentOptions) -> u32 {
    options.max_turns.max(1)
}

/// Returns the tools that the model may call.
fn chosen<'a>(tools: &'a dyn Toolset, options: &AgentOptions) -> Tools<'a> {
    match &options.tools {
        Some(names) => tools.tools().only(names),
        None => tools.tools(),
    }
}

/// Returns the request for the next answer, without its tools.
fn request(history: &Vector<Message>, summary: &Summary, options: &AgentOptions) -> Request {
    let mut request = summary.request(&options.memory.window(), history);
    request = request.system(&options.instructions);
    request.options.max_tokens = options.max_tokens;
    request.options.temperature = options.temperature;
    request
}

/// Returns the summary of the messages that precede the window, and the usage of its requests. After a stop, it is that of
/// before.
async fn summarized(
    history: &Vector<Message>,
    summary: &Summary,
    options: &AgentOptions,
    llm: &Arc<dyn Model>,
    cx: &Context,
) -> Result<(Summary, Usage)> {
    let (mut extended, window) = (summary.clone(), options.memory.window());
    let before = (summary.clone(), Usage::default());
    let has_summary = matches!(options.memory, AgentMemory::Summary(_));
    if !has_summary || !summary.is_behind(&window, history) {
        return Ok(before);
    }
    let extending = cx.once("summary", async {
        let usage = extended.extend(&window, history, &**llm).runtime(cx.runtime()).await;
        let usage = usage.map_err(ModelError::into_action)?;
        Ok::<_, burdock::ActionError>((extended, usage))
    });
    match select(pin!(extending), pin!(cx.stopped())).await {
        Either::Left((summarized, _)) => summarized,
        Either::Right(_) => Ok(before),
    }
}

/// Returns how an answer without calls ends the work on a prompt.
fn agent_end(reason: Reason) -> AgentEnd {
    match reason {
        Reason::Complete => AgentEnd::Answered,
        Reason::Cancelled => AgentEnd::Stopped,
        Reason::Limit | Reason::Filtered | Reason::Truncated | Reason::Failed => AgentEnd::Cut,
    }
}
