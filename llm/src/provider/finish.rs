//! Finish reasons, also of servers that close without a last word.

use genai::chat::{ChatFrameSink, FrameCtx, RawFrameRef, StopReason};
use std::sync::{Arc, Mutex, PoisonError};

/// The finish reason that a server with the protocol of `OpenAI` gave.
///
/// `genai` passes it on with `[DONE]`, which some servers leave out.
#[derive(Clone, Debug, Default)]
pub(super) struct Finish(Arc<Mutex<Option<String>>>);

impl Finish {
    pub(super) fn reason(&self) -> Option<StopReason> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().map(StopReason::from)
    }
}

impl ChatFrameSink for Finish {
    fn on_frame(&self, _: &FrameCtx, frame: RawFrameRef<'_>) {
        // inside of what is said, the quotes would be escaped
        let Some((_, rest)) = frame.data.split_once("\"finish_reason\"") else { return };
        let rest = rest.trim_start().trim_start_matches(':').trim_start();
        let reason = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
        if let Some((reason, _)) = reason {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
        }
    }
}
