//! What is at the end of an answer in the protocol of `OpenAI`, where `genai` does not see it.

use crate::Usage;
use genai::chat::{ChatFrameSink, FrameCtx, RawFrameRef, StopReason};
use serde::Deserialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The finish reason and the usage that a server gave.
///
/// `genai` passes the reason on with `[DONE]`, which some servers leave out, and the usage where it is
/// beside the reason or without a choice: `LiteLLM` has it beside an empty one.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    reason: Option<String>,
    usage: Usage,
}

#[derive(Deserialize)]
struct Frame {
    usage: Tokens,
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

impl Tail {
    pub(super) fn reason(&self) -> Option<StopReason> {
        self.seen().reason.clone().map(StopReason::from)
    }

    pub(super) fn usage(&self) -> Usage {
        self.seen().usage
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ChatFrameSink for Tail {
    fn on_frame(&self, _: &FrameCtx, frame: RawFrameRef<'_>) {
        let reason = value(frame.data, "\"finish_reason\"").and_then(|rest| rest.strip_prefix('"'));
        if let Some((reason, _)) = reason.and_then(|rest| rest.split_once('"')) {
            self.seen().reason = Some(reason.to_owned());
        }
        if value(frame.data, "\"usage\"").is_some_and(|rest| rest.starts_with('{'))
            && let Ok(Frame { usage }) = serde_json::from_str(frame.data)
        {
            let Tokens { prompt_tokens, completion_tokens } = usage;
            self.seen().usage = Usage {
                input_tokens: prompt_tokens,
                output_tokens: completion_tokens,
                first_delta: None,
            };
        }
    }
}

/// What comes behind a name. Inside of what is said, its quotes would be escaped.
fn value<'a>(frame: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = frame.split_once(name)?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}
