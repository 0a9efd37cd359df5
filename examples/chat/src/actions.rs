//! What the nodes do.
//!
//! What to learn here: an action reads what it declares through `Reads` and changes the state
//! only by the `Writes` that it returns, so that one that fails or is cancelled has changed
//! nothing. Beside the state it may take an input of the run, a resource of the app, the context
//! of the step, and parameters (`preamble`) that the graph binds for each node.
//!
//! A model is a resource, and its answer a stream: `until(cx.stopped())` ends it when somebody presses
//! stop, `transcribe` splits it into what is shown and what is kept.

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

/// How long a model may keep silent.
const SILENCE: Duration = Duration::from_mins(1);

/// Puts the prompt into the history.
#[action(state = Chat, reads(history), writes(prompt, history))]
pub async fn take_prompt(chat: Reads<'_>, #[input] prompt: String) -> Result<Writes> {
    let mut history = chat.history.clone();
    history.push_back(Message::user(&prompt));
    Ok(Writes { prompt, history })
}

/// Looks for words that are better left unanswered.
#[action(state = Chat, reads(prompt), writes(safe))]
pub async fn check_safety(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { safe: intent::is_safe(chat.prompt) })
}

/// Finds out whether the user wants a program or an explanation.
#[action(state = Chat, reads(prompt), writes(mode))]
pub async fn choose_mode(chat: Reads<'_>) -> Result<Writes> {
    let mode = if intent::wants_code(chat.prompt) { Mode::Code } else { Mode::Question };
    Ok(Writes { mode })
}

/// Lets the model answer, piece by piece; a stop keeps the pieces so far, and says that they are not
/// all.
#[streaming_action(state = Chat, reads(history), writes(history, usage, ended), yields(Delta))]
pub async fn respond(
    chat: Reads<'_>,
    #[resource] llm: &Arc<dyn Model>,
    #[context] cx: &Context,
    preamble: String,
) -> Result<Writes> {
    let request = Request::new(chat.history.iter().cloned()).system(preamble);
    let answer =
        llm.chat(request.runtime(cx.runtime())).idle_timeout(SILENCE).unbroken().recorded();
    // a model may think for long: a stop does not wait for its next word
    let answer = answer.until(cx.stopped());
    let (mut deltas, said) = answer.transcribe();
    while let Some(text) = deltas.try_next().await.map_err(ModelError::into_action)? {
        yield_!(Delta { text });
    }
    let said = said.take();
    let (usage, ended) = (said.end.usage, said.end.reason);
    let reply = Message::from(said);
    let mut history = chat.history.clone();
    if !reply.is_empty() {
        history.push_back(reply);
    }
    Ok(Writes { history, usage, ended })
}

/// Declines to answer. An answer that was stopped before is no longer the last one.
#[streaming_action(state = Chat, reads(history), writes(history, ended), yields(Delta))]
pub async fn refuse(chat: Reads<'_>) -> Result<Writes> {
    let text = "I would rather not help with that. Ask me something else.";
    yield_!(Delta { text: text.to_owned() });
    let mut history = chat.history.clone();
    history.push_back(Message::assistant(text));
    Ok(Writes { history, ended: Reason::Complete })
}
