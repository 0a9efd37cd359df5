//! Answers as streams, and adapters for them.
//!
//! The adapters of [`Chunks`] keep the order, lose nothing, and pass the last item on; what they do with it
//! is documented at each of them. Dropping an adapter drops the answer, which closes the connection.

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
    transcribe::{Deltas, Transcript},
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

/// A piece of an answer, or why there is none.
pub type Item = Result<Chunk, ModelError>;

/// An answer, piece by piece. It is lazy, and dropping it ends the work.
pub type Answer = Chunks<'static>;

/// An answer that may borrow; what adapters return.
///
/// All adapters of an answer wait and measure by one [`Runtime`]: that of the model if it was given one,
/// otherwise that of the app if the request has it ([`Request::runtime`](crate::Request::runtime)),
/// otherwise burdock's default one.
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
    /// Makes an answer of a stream, for a model of your own.
    pub fn new(stream: impl Stream<Item = Item> + Send + 'a) -> Self {
        Self::timed(stream, Clock::default())
    }

    /// Sets the runtime that times the adapters, unless the answer has one already.
    pub fn runtime(self, runtime: &Arc<dyn Runtime>) -> Self {
        self.or_clock(&Clock::of(runtime))
    }

    /// Joins small deltas until they have this many bytes, or the first of them waited this long.
    ///
    /// Everything that is not a delta follows the text that was before it, without a delay.
    pub fn coalesce(self, bytes: usize, delay: Duration) -> Self {
        coalesce::coalesce(self, bytes, delay)
    }

    /// Lets one delta pass in each `interval`. The provider waits meanwhile; what is not a delta does not.
    pub fn rate_limit(self, interval: Duration) -> Self {
        rate_limit::rate_limit(self, interval)
    }

    /// Ends with [`ModelError::Silent`] when nothing arrives for this long, which closes the connection.
    ///
    /// The limit is for each single item, from when it is asked for.
    pub fn idle_timeout(self, limit: Duration) -> Self {
        idle_timeout::idle_timeout(self, limit)
    }

    /// Calls a function with the progress of the answer, at each item.
    pub fn on_progress(self, tell: impl FnMut(&Progress) + Send + 'a) -> Self {
        progress::on_progress(self, tell)
    }

    /// Ends with [`Reason::Limit`](crate::Reason::Limit) after this many bytes of text, which
    /// closes the connection. The last delta is cut between two characters.
    pub fn at_most(self, bytes: usize) -> Self {
        at_most::at_most(self, bytes)
    }

    /// Ends with [`Reason::Cancelled`](crate::Reason::Cancelled) when `stop` is ready, which closes the
    /// connection: `.until(cx.stopped())` in an action.
    ///
    /// The answer may borrow what `stop` borrows.
    pub fn until<'b>(self, stop: impl Future<Output = ()> + Send + 'b) -> Chunks<'b>
    where
        'a: 'b,
    {
        until::until(self, stop)
    }

    /// Makes an answer that was cut an error, which can be retried.
    pub fn unbroken(self) -> Self {
        unbroken::unbroken(self)
    }

    /// Records how the answer ends, on the span in which it is first polled, as
    /// [`End::record`](crate::End::record) does.
    ///
    /// An error is recorded as [`Reason::Failed`](crate::Reason::Failed), and a stream that is dropped
    /// before its end as [`Reason::Cancelled`](crate::Reason::Cancelled).
    pub fn recorded(self) -> Self {
        recorded::recorded(self)
    }

    /// Splits the answer into its deltas and the text so far: one is for showing, the other for keeping.
    ///
    /// Both are of one answer: the [`Transcript`] grows as the [`Deltas`] are taken.
    pub fn transcribe(self) -> (Deltas<'a>, Transcript) {
        transcribe::transcribe(self)
    }

    /// Waits for the whole answer.
    ///
    /// # Errors
    /// Returns the error with which the answer ends.
    ///
    /// # Cancel safety
    /// Dropping the future drops the answer.
    pub async fn whole(self) -> Result<Whole, ModelError> {
        whole::whole(self).await
    }

    /// An answer whose adapters are timed by this clock.
    pub(crate) fn timed(stream: impl Stream<Item = Item> + Send + 'a, clock: Clock) -> Self {
        Self { stream: Box::pin(stream), clock }
    }

    /// Sets the clock unless there is one.
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

/// An answer made item by item, which may be polled behind its end.
fn unfold<'a, S, F, Next>(clock: Clock, state: S, next: F) -> Chunks<'a>
where
    S: Send + 'a,
    F: FnMut(S) -> Next + Send + 'a,
    Next: Future<Output = Option<(Item, S)>> + Send + 'a,
{
    Chunks::timed(stream::unfold(state, next).fuse(), clock)
}
