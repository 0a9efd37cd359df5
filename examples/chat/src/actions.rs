//! The actions of the nodes.
//!
//! An action reads the fields that it declares through `Reads` and changes the state only through the
//! `Writes` that it returns, so an action that fails or is cancelled leaves the state unchanged. Besides
//! the state it may take an input of the run, a resource of the app, the context of the step, and
//! parameters (`preamble`) that the graph binds for each node.
//!
//! A model is a resource, and its answer a stream: `transcribe` splits it into the deltas, which `yield_from!` shows
//! until a stop, and the transcript to keep.

#[cfg(test)]
mod tests;

use crate::{
    intent,
    state::{Chat, Delta, Mode},
};
use burdock::{Context, prelude::*};
use burdock_llm::{Message, Model, ModelError, Reason, Request};
use futures_util::TryStreamExt;
use std::{sync::Arc, time::Duration};

/// The time limit for the next piece of an answer.
const SILENCE: Duration = Duration::from_mins(1);

/// Appends the prompt to the history.
#[action(state = Chat, writes(prompt), appends(history))]
pub async fn take_prompt(#[input] prompt: String) -> Result<Writes> {
    Ok(Writes { history: vec![Message::user(&prompt)], prompt })
}

/// Checks the prompt for unsafe words.
#[action(state = Chat, reads(prompt), writes(safe))]
pub async fn check_safety(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { safe: intent::is_safe(chat.prompt) })
}

/// Decides whether the user wants a program or an explanation.
#[action(state = Chat, reads(prompt), writes(mode))]
pub async fn choose_mode(chat: Reads<'_>) -> Result<Writes> {
    let mode = if intent::wants_code(chat.prompt) { Mode::Code } else { Mode::Question };
    Ok(Writes { mode })
}

/// Streams the answer of the model. A stop keeps the part that was shown, and records that it is incomplete.
#[streaming_action(state = Chat, reads(history), writes(usage, ended), appends(history), yields(Delta))]
pub async fn respond(
    chat: Reads<'_>,
    #[resource] llm: &Arc<dyn Model>,
    #[context] cx: &Context,
    preamble: String,
) -> Result<Writes> {
    let request = Request::new(chat.history.iter().cloned()).system(preamble);
    let answer =
        llm.chat(request.runtime(cx.runtime())).idle_timeout(SILENCE).unbroken().recorded();
    // a stop drops the deltas, which closes the connection, and the transcript keeps the part that was shown
    let (deltas, transcript) = answer.transcribe();
    yield_from!(deltas.map_ok(|text| Delta { text }).map_err(ModelError::into_action))?;
    let reply = transcript.take();
    let (usage, ended) = (reply.end.usage, reply.end.reason);
    let reply = Message::from(reply);
    let history = if reply.is_empty() { Vec::new() } else { vec![reply] };
    Ok(Writes { usage, ended, history })
}

/// Declines to answer. A stopped answer is then no longer the last one.
#[streaming_action(state = Chat, writes(ended), appends(history), yields(Delta))]
pub async fn refuse() -> Result<Writes> {
    let text = "I would rather not help with that. Ask me something else.";
    yield_!(Delta { text: text.to_owned() });
    Ok(Writes { history: vec![Message::assistant(text)], ended: Reason::Complete })
}
