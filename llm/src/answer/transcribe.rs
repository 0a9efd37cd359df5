//! A stream of deltas with a transcript of the text so far.

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

/// The stream of an answer's text deltas.
pub struct Deltas<'a> {
    answer: Option<Chunks<'a>>,
    clock: Clock,
    watch: Option<Stopwatch>,
    transcript: Transcript,
}

/// The text of an answer so far. It is filled by polling the [`Deltas`] created with it.
///
/// ```
/// use burdock_llm::{Model, Reason, Request, Script, Scripted};
/// use futures::TryStreamExt;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let llm = Scripted::new([Script::new().say("Hel").cut()]);
/// let (mut deltas, transcript) = llm.chat(Request::prompt("hi")).transcribe();
/// while let Some(delta) = deltas.try_next().await? {
///     println!("{delta}");
/// }
/// assert_eq!(transcript.end().reason, Reason::Truncated);
/// assert_eq!(transcript.take().text, "Hel");
/// assert_eq!(transcript.text(), "");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Transcript(Arc<Mutex<Whole>>);

impl Transcript {
    /// Returns the text so far.
    pub fn text(&self) -> String {
        self.lock().text.clone()
    }

    /// Returns how the answer ended: [`Reason::Cancelled`] before its end. The time to the first delta
    /// is measured if the end does not contain it.
    pub fn end(&self) -> End {
        self.lock().end
    }

    /// Takes everything so far and leaves an empty transcript, which later deltas fill.
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
            let Some(open) = answer else { return Poll::Ready(None) };
            let item = ready!(open.poll_next_unpin(cx));
            if let Some(Ok(chunk)) = &item {
                if chunk.text().is_some() {
                    watch.delta();
                }
                let mut whole = transcript.lock();
                whole.push(chunk);
                watch.complete(&mut whole.end.usage);
            }
            let (last, reason) = match item {
                Some(Ok(Chunk::Delta(text))) => return Poll::Ready(Some(Ok(text))),
                Some(Ok(Chunk::ToolCallDelta(_) | Chunk::ToolCall(_))) => continue,
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
