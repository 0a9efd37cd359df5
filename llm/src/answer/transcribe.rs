//! A stream of deltas or chunks with a transcript of the answer so far.

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
#[derive(Debug)]
pub struct Deltas<'a>(Transcribed<'a>);

/// The stream of an answer's chunks, which [`Deltas::chunks`] returns.
pub struct Transcribed<'a> {
    answer: Option<Chunks<'a>>,
    clock: Clock,
    watch: Option<Stopwatch>,
    transcript: Transcript,
}

/// The answer so far. It is filled by polling the [`Deltas`] created with it.
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

impl<'a> Deltas<'a> {
    /// Returns all chunks of the answer instead, for programs that also show the calls that the model writes. They fill
    /// the same transcript.
    ///
    /// ```
    /// use burdock_llm::{Chunk, Model, Request, Script, Scripted, ToolCall};
    /// use futures::TryStreamExt;
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let call = ToolCall::new("1", "find_orders", json!({ "limit": 3 }));
    /// let llm = Scripted::new([Script::new().say("One moment.").call(call.clone())]);
    /// let (deltas, transcript) = llm.chat(Request::prompt("hi")).transcribe();
    /// let mut chunks = deltas.chunks();
    /// while let Some(chunk) = chunks.try_next().await? {
    ///     if let Chunk::ToolCallDelta(delta) = chunk {
    ///         print!("{}", delta.arguments);
    ///     }
    /// }
    /// assert_eq!(transcript.take().tool_calls, [call]);
    /// # Ok(()) }
    /// ```
    #[must_use = "a stream does nothing unless it is polled"]
    pub fn chunks(self) -> Transcribed<'a> {
        self.0
    }
}

impl Stream for Deltas<'_> {
    type Item = Result<String, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.0.poll_next_unpin(cx)) {
                Some(Ok(Chunk::Delta(text))) => return Poll::Ready(Some(Ok(text))),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Stream for Transcribed<'_> {
    type Item = Result<Chunk, ModelError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { answer, clock, watch, transcript } = self.get_mut();
        let watch = watch.get_or_insert_with(|| clock.stopwatch());
        let Some(open) = answer else { return Poll::Ready(None) };
        let item = ready!(open.poll_next_unpin(cx));
        let mut whole = transcript.lock();
        match &item {
            Some(Ok(chunk)) => {
                if chunk.text().is_some() {
                    watch.delta();
                }
                whole.push(chunk);
                watch.complete(&mut whole.end.usage);
            }
            Some(Err(_)) => whole.end.reason = Reason::Failed,
            None => whole.end.reason = Reason::Truncated,
        }
        if !matches!(item, Some(Ok(Chunk::Delta(_) | Chunk::ToolCallDelta(_) | Chunk::ToolCall(_))))
        {
            *answer = None;
        }
        Poll::Ready(item)
    }
}

impl std::fmt::Debug for Transcribed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcribed").field("transcript", &self.transcript).finish_non_exhaustive()
    }
}

pub(super) fn transcribe(answer: Chunks<'_>) -> (Deltas<'_>, Transcript) {
    let transcript = Transcript::default();
    let clock = answer.clock().clone();
    let chunks =
        Transcribed { answer: Some(answer), clock, watch: None, transcript: transcript.clone() };
    (Deltas(chunks), transcript)
}
