//! Deltas for showing, and the text so far for keeping.

use super::{Chunks, whole::Whole};
use crate::{
    Chunk, End, ModelError, Reason,
    clock::{Clock, Stopwatch},
};
use futures_core::Stream;
use futures_util::StreamExt;
use std::{
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

/// The texts of an answer.
pub struct Deltas<'a> {
    answer: Option<Chunks<'a>>,
    clock: Clock,
    watch: Option<Stopwatch>,
    transcript: Transcript,
}

/// What was said so far, by the [`Deltas`] beside it.
#[derive(Clone, Debug, Default)]
pub struct Transcript(Arc<Mutex<Whole>>);

impl Transcript {
    /// The text so far.
    pub fn text(&self) -> String {
        self.lock().text.clone()
    }

    /// How the answer ended: [`Reason::Cancelled`] while it has not. The time to its first delta is
    /// measured here where the end does not say it.
    pub fn end(&self) -> End {
        self.lock().end
    }

    /// Takes all that was said so far; later deltas begin anew.
    pub fn take(&self) -> Whole {
        mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Whole> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream for Deltas<'_> {
    type Item = Result<String, ModelError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { answer, clock, watch, transcript } = self.get_mut();
        let watch = watch.get_or_insert_with(|| clock.stopwatch());
        loop {
            let Some(coming) = answer else { return Poll::Ready(None) };
            let item = ready!(coming.poll_next_unpin(cx));
            if let Some(Ok(chunk)) = &item {
                if chunk.text().is_some() {
                    watch.delta();
                }
                let mut said = transcript.lock();
                said.push(chunk);
                watch.complete(&mut said.end.usage);
            }
            let (last, reason) = match item {
                Some(Ok(Chunk::Delta(text))) => return Poll::Ready(Some(Ok(text))),
                Some(Ok(Chunk::ToolCall(_))) => continue,
                Some(Ok(Chunk::End(_))) => (None, None),
                Some(Err(error)) => (Some(Err(error)), Some(Reason::Failed)),
                None => (None, Some(Reason::Truncated)),
            };
            *answer = None;
            if let Some(reason) = reason {
                transcript.lock().end.reason = reason;
            }
            return Poll::Ready(last);
        }
    }
}

impl std::fmt::Debug for Deltas<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deltas").field("transcript", &self.transcript).finish_non_exhaustive()
    }
}

pub(super) fn transcribe(answer: Chunks<'_>) -> (Deltas<'_>, Transcript) {
    let transcript = Transcript::default();
    let clock = answer.clock().clone();
    let deltas =
        Deltas { answer: Some(answer), clock, watch: None, transcript: transcript.clone() };
    (deltas, transcript)
}
