//! Answers as streams, and adapters for them.
//!
//! The adapters of [`Chunks`] preserve the order of the items, lose no text, and pass the last item on;
//! exceptions are documented at each adapter. Dropping an adapter drops the answer, which closes the
//! connection.

mod at_most;
mod coalesce;
mod idle_timeout;
mod progress;
mod rate_limit;
mod recorded;
#[cfg(test)]
mod tests;
mod transcribe;
mod unbroken;
mod until;
mod whole;

pub use self::{
    progress::Progress,
    transcribe::{Deltas, Transcribed, Transcript},
    whole::Whole,
};

use crate::{Chunk, ModelError, clock::Clock};
use burdock::Runtime;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

/// An item of an answer: a chunk, or the error that ended the answer.
pub type Item = Result<Chunk, ModelError>;

/// The answer of a model: a lazy stream of chunks. Dropping it cancels the request.
pub type Answer = Chunks<'static>;

/// An answer that may borrow; the type that adapters return.
///
/// All adapters of an answer use one [`Runtime`] for timers and measurements: that of the model if it
/// has one, otherwise that of the request ([`Request::runtime`](crate::Request::runtime)), otherwise
/// burdock's default.
///
/// ```
/// use burdock_llm::{Model, Script, Scripted, Request};
/// use futures::TryStreamExt;
/// use std::time::Duration;
///
/// let model = Scripted::new([Script::new().say("Hel").say("lo, ").say("Ada")]);
/// # futures::executor::block_on(async {
/// let answer = model
///     .chat(Request::prompt("Greet me"))
///     .idle_timeout(Duration::from_secs(30))
///     .coalesce(5, Duration::from_millis(50));
/// let (mut deltas, text) = answer.transcribe();
/// while let Some(delta) = deltas.try_next().await? {
///     println!("{delta} of {}", text.text());
/// }
/// assert_eq!(text.take().text, "Hello, Ada");
/// # Ok::<_, burdock_llm::ModelError>(()) }).unwrap();
/// ```
#[must_use = "an answer is lazy: nothing is sent before it is polled"]
pub struct Chunks<'a> {
    stream: Pin<Box<dyn Stream<Item = Item> + Send + 'a>>,
    clock: Clock,
}

impl<'a> Chunks<'a> {
    /// Creates an answer from a stream, for your own implementation of [`Model`](crate::Model).
    pub fn new(stream: impl Stream<Item = Item> + Send + 'a) -> Self {
        Self::timed(stream, Clock::default())
    }

    /// Sets the runtime that times the adapters, if the answer does not have one yet.
    pub fn runtime(self, runtime: &Arc<dyn Runtime>) -> Self {
        self.or_clock(&Clock::of(runtime))
    }

    /// Joins small deltas until they have `bytes` bytes, or until the first of them has waited for
    /// `delay`.
    ///
    /// Any other item follows the buffered text without a delay.
    ///
    /// ```
    /// use burdock_llm::{Model, Request, Script, Scripted};
    /// use futures::TryStreamExt;
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let llm = Scripted::new([Script::new().say("Hel").say("lo, ").say("A").say("da")]);
    /// let answer = llm.chat(Request::prompt("hi")).coalesce(5, Duration::from_millis(50));
    /// let (deltas, _) = answer.transcribe();
    /// assert_eq!(deltas.try_collect::<Vec<_>>().await?, ["Hello, ", "Ada"]);
    /// # Ok(()) }
    /// ```
    pub fn coalesce(self, bytes: usize, delay: Duration) -> Self {
        coalesce::coalesce(self, bytes, delay)
    }

    /// Limits the answer to one delta per `interval`. The provider waits in the meantime; other items
    /// are not delayed.
    ///
    /// ```
    /// use burdock_llm::{Model, Request, Script, Scripted};
    /// use std::time::Duration;
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let llm = Scripted::new([Script::new().say("Hel").say("lo, ").say("Ada")]);
    /// let start = Instant::now();
    /// llm.chat(Request::prompt("hi")).rate_limit(Duration::from_millis(100)).whole().await?;
    /// assert_eq!(start.elapsed(), Duration::from_millis(200));
    /// # Ok(()) }
    /// ```
    pub fn rate_limit(self, interval: Duration) -> Self {
        rate_limit::rate_limit(self, interval)
    }

    /// Ends with [`ModelError::Silent`] if no item arrives within `limit`, which closes the connection.
    ///
    /// The limit applies to each item, from the time at which it is requested.
    ///
    /// ```
    /// use burdock_llm::{Chunk, Model, ModelError, Request, Script, Scripted};
    /// use futures::TryStreamExt;
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let llm = Scripted::new([Script::new().say("Hel").silence()]);
    /// let limit = Duration::from_secs(30);
    /// let mut answer = llm.chat(Request::prompt("hi")).idle_timeout(limit);
    /// assert_eq!(answer.try_next().await?, Some(Chunk::Delta("Hel".into())));
    /// assert_eq!(answer.try_next().await, Err(ModelError::Silent { limit }));
    /// # Ok(()) }
    /// ```
    pub fn idle_timeout(self, limit: Duration) -> Self {
        idle_timeout::idle_timeout(self, limit)
    }

    /// Calls a function with the progress of the answer after each item.
    ///
    /// ```
    /// use burdock_llm::{Model, Request, Script, Scripted};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let llm = Scripted::new([Script::new().say("Hel").say("lo")]);
    /// let mut bytes = Vec::new();
    /// let answer = llm.chat(Request::prompt("hi")).on_progress(|so_far| bytes.push(so_far.bytes));
    /// answer.whole().await?;
    /// assert_eq!(bytes, [3, 5, 5]); // two deltas and the end
    /// # Ok(()) }
    /// ```
    pub fn on_progress(self, callback: impl FnMut(&Progress) + Send + 'a) -> Self {
        progress::on_progress(self, callback)
    }

    /// Ends with [`Reason::Limit`](crate::Reason::Limit) after `bytes` bytes of text, which closes the
    /// connection. The last delta is cut at a character boundary.
    ///
    /// ```
    /// use burdock_llm::{Model, Reason, Request, Script, Scripted};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let llm = Scripted::new([Script::new().endless("ha", Duration::from_millis(10))]);
    /// let whole = llm.chat(Request::prompt("laugh")).at_most(5).whole().await?;
    /// assert_eq!((whole.text.as_str(), whole.end.reason), ("hahah", Reason::Limit));
    /// # Ok(()) }
    /// ```
    pub fn at_most(self, bytes: usize) -> Self {
        at_most::at_most(self, bytes)
    }

    /// Ends with [`Reason::Cancelled`](crate::Reason::Cancelled) when `stop` completes, which closes
    /// the connection: `.until(cx.stopped())` in an action.
    ///
    /// The answer can borrow what `stop` borrows.
    ///
    /// ```
    /// use burdock_llm::{Model, Reason, Request, Script, Scripted};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let llm = Scripted::new([Script::new().say("Hello").silence()]);
    /// let stop = tokio::time::sleep(Duration::from_secs(1));
    /// let whole = llm.chat(Request::prompt("hi")).until(stop).whole().await?;
    /// assert_eq!((whole.text.as_str(), whole.end.reason), ("Hello", Reason::Cancelled));
    /// # Ok(()) }
    /// ```
    pub fn until<'b>(self, stop: impl Future<Output = ()> + Send + 'b) -> Chunks<'b>
    where
        'a: 'b,
    {
        until::until(self, stop)
    }

    /// Turns the end of a truncated answer into an error, which can be retried.
    ///
    /// ```
    /// use burdock_llm::{Model, Reason, Request, Script, Scripted};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let llm = Scripted::new([Script::new().say("Hel").cut()]);
    /// let whole = llm.chat(Request::prompt("hi")).whole().await?;
    /// assert_eq!(whole.end.reason, Reason::Truncated);
    ///
    /// let error = llm.chat(Request::prompt("hi")).unbroken().whole().await.unwrap_err();
    /// assert!(error.is_retryable());
    /// # Ok(()) }
    /// ```
    pub fn unbroken(self) -> Self {
        unbroken::unbroken(self)
    }

    /// Records the end of the answer on the span in which it is first polled, as
    /// [`End::record`](crate::End::record) does.
    ///
    /// An error is recorded as [`Reason::Failed`](crate::Reason::Failed), and a stream that is dropped
    /// before its end as [`Reason::Cancelled`](crate::Reason::Cancelled).
    pub fn recorded(self) -> Self {
        recorded::recorded(self)
    }

    /// Splits the answer into a stream of its deltas and the text so far, for example to show one and
    /// to keep the other.
    ///
    /// The [`Transcript`] grows as the [`Deltas`] are polled.
    pub fn transcribe(self) -> (Deltas<'a>, Transcript) {
        transcribe::transcribe(self)
    }

    /// Waits for the whole answer.
    ///
    /// ```
    /// use burdock_llm::{Message, Model, Request, Script, Scripted};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let llm = Scripted::new([Script::new().say("Hel").say("lo")]);
    /// let whole = llm.chat(Request::prompt("hi")).whole().await?;
    /// assert_eq!(whole.text, "Hello");
    ///
    /// let message = Message::from(whole); // for the history
    /// assert_eq!(message, Message::assistant("Hello"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns the error that ends the answer.
    ///
    /// # Cancel safety
    /// Dropping the future drops the answer.
    pub async fn whole(self) -> Result<Whole, ModelError> {
        whole::whole(self).await
    }

    /// Creates an answer whose adapters use this clock.
    pub(crate) fn timed(stream: impl Stream<Item = Item> + Send + 'a, clock: Clock) -> Self {
        Self { stream: Box::pin(stream), clock }
    }

    /// Sets the clock if there is none.
    pub(crate) fn or_clock(self, clock: &Clock) -> Self {
        Self { clock: self.clock.or(clock), ..self }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }
}

impl Stream for Chunks<'_> {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        self.stream.as_mut().poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

impl fmt::Debug for Chunks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks").field("clock", &self.clock).finish_non_exhaustive()
    }
}

/// Creates an answer item by item. It can be polled after its end.
fn unfold<'a, S, F, Next>(clock: Clock, state: S, next: F) -> Chunks<'a>
where
    S: Send + 'a,
    F: FnMut(S) -> Next + Send + 'a,
    Next: Future<Output = Option<(Item, S)>> + Send + 'a,
{
    Chunks::timed(stream::unfold(state, next).fuse(), clock)
}
