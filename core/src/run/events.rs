//! A run as a stream of everything that happens in it.

use super::{End, Run, RunError};
use crate::{event::Event, graph::Graph, stream::Stopper};
use futures_core::Stream;
use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

/// The events of a run, made by [`Run::events`]; it ends as the run does.
#[must_use = "a run does nothing unless it is polled"]
pub struct Events<'a, G: Graph>(Run<'a, G>);

impl<'a, G: Graph> Events<'a, G> {
    pub(super) fn new(run: Run<'a, G>) -> Self {
        Self(run)
    }

    /// The next event; `None` when the run is over.
    ///
    /// # Errors
    /// The one that ended the run, after its event.
    ///
    /// # Cancel safety
    /// Loses nothing when dropped.
    pub async fn next(&mut self) -> Option<Result<Event<G>, RunError>> {
        poll_fn(|cx| self.0.poll_event(cx)).await
    }

    /// A handle that stops this run from anywhere.
    pub fn stopper(&self) -> Stopper {
        self.0.stopper()
    }

    /// Drops the events that are left and gives the end; can be called again.
    ///
    /// # Errors
    /// The one that ended the run.
    ///
    /// # Cancel safety
    /// Loses nothing but the events when dropped.
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
