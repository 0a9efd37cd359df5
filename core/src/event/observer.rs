//! Who hears every event, synchronously.

use super::Event;
use crate::graph::Graph;
use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Hears every event of an app's runs, synchronously and in the order of registration.
///
/// It cannot fail a run: one that panics is reported to `tracing` and left out from then on.
///
/// A closure over `&Event<G>` is an observer.
pub trait Observer<G: Graph>: Send + Sync {
    /// Hears one event.
    fn on_event(&mut self, event: &Event<G>);

    /// The span that is entered whenever the action of the current step is polled.
    fn step_span(&self) -> Option<tracing::Span> {
        None
    }
}

impl<G: Graph, F: FnMut(&Event<G>) + Send + Sync> Observer<G> for F {
    fn on_event(&mut self, event: &Event<G>) {
        self(event);
    }
}

/// The observers of an app.
pub(crate) struct Observers<G>(Vec<Box<dyn Observer<G>>>);

impl<G: Graph> Observers<G> {
    pub(crate) fn new(observers: Vec<Box<dyn Observer<G>>>) -> Self {
        Self(observers)
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn notify(&mut self, event: &Event<G>) {
        self.ask(event.kind.name(), |observer| observer.on_event(event));
    }

    pub(crate) fn step_span(&mut self) -> Option<tracing::Span> {
        let mut span = None;
        self.ask("step_span", |observer| {
            span = span.take().or_else(|| observer.step_span());
        });
        span
    }

    /// Asks every observer; leaves out those that panic.
    fn ask(&mut self, event: &str, mut ask: impl FnMut(&mut dyn Observer<G>)) {
        self.0.retain_mut(|observer| {
            let heard = catch_unwind(AssertUnwindSafe(|| ask(&mut **observer)));
            if heard.is_err() {
                tracing::error!(event, "an observer panicked and is left out");
            }
            heard.is_ok()
        });
    }
}

impl<G> fmt::Debug for Observers<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} observers", self.0.len())
    }
}
