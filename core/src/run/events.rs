//! A run as a stream of its events.

use super::{End, Run, RunError};
use crate::{event::Event, graph::Graph, stream::Stopper};
use futures_core::Stream;
use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

/// The stream of the events of a run, created by [`Run::events`].
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// use burdock::EventKind;
///
/// let mut app = Cafe::app().build().await?;
/// let mut events = app.run(CafeInputs { cups: 5 }).events();
/// let (stopper, mut items) = (events.stopper(), Vec::new());
/// while let Some(event) = events.next().await {
///     if let EventKind::Item(item) = event?.kind {
///         items.push(item);
///         stopper.stop(); // one cup is enough
///     }
/// }
/// assert_eq!(items, ["cup 1"]);
/// assert_eq!(events.finish().await?.state().cups, 1);
/// # Ok(()) }
/// ```
#[must_use = "a run does nothing unless it is polled"]
pub struct Events<'a, G: Graph>(Run<'a, G>);

impl<'a, G: Graph> Events<'a, G> {
    pub(super) fn new(run: Run<'a, G>) -> Self {
        Self(run)
    }

    /// Returns the next event; `None` when the run is over.
    ///
    /// # Errors
    /// Returns the error that ended the run, after the event of the error.
    ///
    /// # Cancel safety
    /// This method is cancel safe.
    pub async fn next(&mut self) -> Option<Result<Event<G>, RunError>> {
        poll_fn(|cx| self.0.poll_event(cx)).await
    }

    /// Returns a handle that stops this run from any task or thread.
    pub fn stopper(&self) -> Stopper {
        self.0.stopper()
    }

    /// Discards the remaining events and returns the end of the run. Can be called repeatedly.
    ///
    /// # Errors
    /// Returns the error that ended the run.
    ///
    /// # Cancel safety
    /// Dropping the future loses only the events that it has already discarded.
    pub async fn finish(&mut self) -> Result<End<'_, G>, RunError> {
        self.0.finish().await
    }
}

impl<G: Graph> Stream for Events<'_, G> {
    type Item = Result<Event<G>, RunError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().0.poll_event(cx)
    }
}

impl<G: Graph> fmt::Debug for Events<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Events").field(&self.0).finish()
    }
}
