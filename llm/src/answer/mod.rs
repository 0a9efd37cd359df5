//! Answers as streams, and what can be done with one while it comes.
//!
//! [`AnswerExt`] is for whatever yields [`Chunk`]s. Its adapters keep the order, lose nothing, and
//! pass the last item on, each in its own way: what they do with it is said at each of them.
//! Dropping an adapter drops the answer, which closes the connection.

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

use crate::{Chunk, Delay, ModelError};
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use std::pin::Pin;

/// A piece of an answer, or why there is none.
pub type Item = Result<Chunk, ModelError>;

/// An answer that may borrow; what adapters make.
pub type Chunks<'a> = Pin<Box<dyn Stream<Item = Item> + Send + 'a>>;

/// An answer, piece by piece. It is lazy, and dropping it ends the work.
pub type Answer = Chunks<'static>;

/// What can be done with an answer while it comes.
///
/// The adapters that wait take a [`Duration`](std::time::Duration), or a [`Delay`] that the runtime of the
/// app measures. The times that adapters put into [`Usage`](crate::Usage) and [`Progress`] are those of
/// the default runtime.
///
/// ```
/// use burdock_llm::{AnswerExt, Model, Script, Scripted, Request};
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
pub trait AnswerExt: Stream<Item = Item> + Send + Sized {
    /// Joins small deltas until they have so many bytes, or the first of them waited so long.
    ///
    /// Whatever is no delta comes behind the text that was before it, at once.
    fn coalesce<'a>(self, bytes: usize, delay: impl Into<Delay>) -> Chunks<'a>
    where
        Self: 'a,
    {
        coalesce::coalesce(self, bytes, delay.into())
    }

    /// Lets one delta pass in each `interval`. The provider waits meanwhile; what is no delta does not.
    fn rate_limit<'a>(self, interval: impl Into<Delay>) -> Chunks<'a>
    where
        Self: 'a,
    {
        rate_limit::rate_limit(self, interval.into())
    }

    /// Ends with [`ModelError::Silent`] when nothing comes for so long, which closes the connection.
    ///
    /// What counts is the wait for each single item, from when it is asked for.
    fn idle_timeout<'a>(self, limit: impl Into<Delay>) -> Chunks<'a>
    where
        Self: 'a,
    {
        idle_timeout::idle_timeout(self, limit.into())
    }

    /// Tells a function how far the answer is, at each item.
    fn on_progress<'a>(self, tell: impl FnMut(&Progress) + Send + 'a) -> Chunks<'a>
    where
        Self: 'a,
    {
        progress::on_progress(self, tell)
    }

    /// Ends with [`Reason::Limit`](crate::Reason::Limit) once there are so many bytes of text, which
    /// closes the connection. The last delta is cut between two characters.
    fn at_most<'a>(self, bytes: usize) -> Chunks<'a>
    where
        Self: 'a,
    {
        at_most::at_most(self, bytes)
    }

    /// Ends with [`Reason::Cancelled`](crate::Reason::Cancelled) when `stop` is ready, which closes the
    /// connection: `.until(cx.stopped())` in an action.
    fn until<'a>(self, stop: impl Future<Output = ()> + Send + 'a) -> Chunks<'a>
    where
        Self: 'a,
    {
        until::until(self, stop)
    }

    /// Makes an answer that was cut an error, which can be retried.
    fn unbroken<'a>(self) -> Chunks<'a>
    where
        Self: 'a,
    {
        unbroken::unbroken(self)
    }

    /// Records how the answer ends, on the span in which it is first polled, as
    /// [`End::record`](crate::End::record) does.
    ///
    /// An error is recorded as [`Reason::Failed`](crate::Reason::Failed), and a stream that is dropped
    /// before its end as [`Reason::Cancelled`](crate::Reason::Cancelled).
    fn recorded<'a>(self) -> Chunks<'a>
    where
        Self: 'a,
    {
        recorded::recorded(self)
    }

    /// Splits it into its deltas and what was said so far: one is for showing, the other for keeping.
    ///
    /// Both are of one answer: the [`Transcript`] grows as the [`Deltas`] are taken.
    fn transcribe<'a>(self) -> (Deltas<'a>, Transcript)
    where
        Self: 'a,
    {
        transcribe::transcribe(self)
    }

    /// Waits for all of it.
    ///
    /// # Cancel safety
    /// Dropping it drops the answer.
    fn whole(self) -> impl Future<Output = Result<Whole, ModelError>> + Send {
        whole::whole(self)
    }
}

impl<S: Stream<Item = Item> + Send> AnswerExt for S {}

/// An answer made item by item, which may be polled behind its end.
fn unfold<'a, S, F, Next>(state: S, next: F) -> Chunks<'a>
where
    S: Send + 'a,
    F: FnMut(S) -> Next + Send + 'a,
    Next: Future<Output = Option<(Item, S)>> + Send + 'a,
{
    Box::pin(stream::unfold(state, next).fuse())
}
