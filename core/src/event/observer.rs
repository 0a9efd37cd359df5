//! Observers, which receive every event synchronously.

use super::{Event, EventKind};
use crate::{
    action::WriteExtent,
    graph::Graph,
    panics::{caught, discard},
};
use std::fmt;

/// A receiver of every event of an app's runs.
///
/// Observers are called synchronously, in the order of registration. They cannot fail a run: an observer that
/// panics is reported to `tracing` and removed.
///
/// A closure over `&Event<G>` is an observer. An observer that also needs the state or the inputs implements
/// [`on_event_in`](Self::on_event_in):
///
/// ```
/// use burdock::{Event, Observer, event::Observed, prelude::*};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Counter { count: u64 }
/// # #[action(state = Counter, reads(count), writes(count))]
/// # async fn add(counter: Reads<'_>, #[input] by: &u64) -> Result<Writes> { Ok(Writes { count: counter.count + by }) }
/// # graph! { Counting(Counter) { inputs { by: u64 } nodes { add } start add; add -> pause; } }
///
/// struct Audit;
///
/// impl Observer<Counting> for Audit {
///     fn on_event_in(&mut self, event: &Event<Counting>, session: &Observed<'_, Counting>) {
///         if let Some(CountingWrites::add(writes)) = session.writes() {
///             println!("{} wrote {}", event.session(), writes.count);
///         }
///     }
/// }
/// # let _ = Counting::app().observer(Audit);
/// ```
pub trait Observer<G: Graph>: Send + Sync {
    /// Receives an event. Does nothing by default.
    fn on_event(&mut self, event: &Event<G>) {
        let _ = event;
    }

    /// Receives an event, with the state and the inputs at that moment. Calls [`on_event`](Self::on_event)
    /// by default.
    fn on_event_in(&mut self, event: &Event<G>, session: &Observed<'_, G>) {
        let _ = session;
        self.on_event(event);
    }

    /// Returns the span in which the action of the current step is polled. Returns `None` by default.
    fn step_span(&self) -> Option<tracing::Span> {
        None
    }

    /// Returns whether the children that the app's actions run get [`Spans`](super::Spans), which are then in the spans of
    /// their parents' steps. Returns `false` by default.
    fn has_child_spans(&self) -> bool {
        false
    }
}

impl<G: Graph, F: FnMut(&Event<G>) + Send + Sync> Observer<G> for F {
    fn on_event(&mut self, event: &Event<G>) {
        self(event);
    }
}

/// The state and the inputs of a session at the moment of an event.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// # use std::sync::mpsc::{Sender, channel};
/// use burdock::{Event, EventKind, Observer, event::Observed};
///
/// struct Receipts(Sender<String>);
///
/// impl Observer<Cafe> for Receipts {
///     fn on_event_in(&mut self, event: &Event<Cafe>, session: &Observed<'_, Cafe>) {
///         if let (EventKind::RunFinished { .. }, Some(inputs)) = (&event.kind, session.inputs()) {
///             let text = format!("{} ordered, {} paid", inputs.cups, session.state().paid);
///             self.0.send(text).ok();
///         }
///     }
/// }
///
/// # let (sender, receipts) = channel();
/// let mut app = Cafe::app().observer(Receipts(sender)).build().await?;
/// app.run(CafeInputs { cups: 2 }).await?;
/// assert_eq!(receipts.recv()?, "2 ordered, 4 paid");
/// # Ok(()) }
/// ```
pub struct Observed<'s, G: Graph> {
    state: &'s G::State,
    inputs: Option<&'s G::Inputs>,
    /// The node that the event commits, and the extent of its writes.
    committed: Option<(G::Node, &'s WriteExtent)>,
}

impl<'s, G: Graph> Observed<'s, G> {
    pub(crate) fn new(
        event: &'s Event<G>,
        state: &'s G::State,
        inputs: Option<&'s G::Inputs>,
    ) -> Self {
        let committed = matches!(event.kind, EventKind::StepCommitted { .. })
            .then_some((event.node, &event.extent));
        Self { state, inputs, committed }
    }

    /// The committed state. For a commit, it includes the writes.
    pub fn state(&self) -> &'s G::State {
        self.state
    }

    /// The inputs of the run.
    ///
    /// Returns `None` if they are not known: the run did not start, or its inputs were read from a log and do
    /// not fit the graph.
    pub fn inputs(&self) -> Option<&'s G::Inputs> {
        self.inputs
    }

    /// Copies the writes of the step from the state; `None` unless the event is a
    /// [`StepCommitted`](EventKind::StepCommitted).
    pub fn writes(&self) -> Option<G::Writes> {
        self.committed.map(|(node, extent)| G::writes(node, self.state, extent))
    }
}

impl<G: Graph> fmt::Debug for Observed<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed")
            .field("committed", &self.committed.map(|(node, _)| node))
            .finish_non_exhaustive()
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

    pub(crate) fn notify(&mut self, event: &Event<G>, session: &Observed<'_, G>) {
        self.for_each(event.kind.name(), |observer| observer.on_event_in(event, session));
    }

    pub(crate) fn step_span(&mut self) -> Option<tracing::Span> {
        let mut span = None;
        self.for_each("step_span", |observer| {
            span = span.take().or_else(|| observer.step_span());
        });
        span
    }

    /// Returns whether the children of the app get spans.
    pub(crate) fn has_child_spans(&mut self) -> bool {
        let mut found = false;
        self.for_each("has_child_spans", |observer| found |= observer.has_child_spans());
        found
    }

    /// Calls every observer, and removes those that panic.
    fn for_each(&mut self, event: &str, mut call: impl FnMut(&mut dyn Observer<G>)) {
        let mut panicked = Vec::new();
        for (index, observer) in self.0.iter_mut().enumerate() {
            if caught(|| call(&mut **observer)).is_err() {
                tracing::error!(event, "an observer panicked and was removed");
                panicked.push(index);
            }
        }
        // from the end, so that the other indices stay valid
        while let Some(index) = panicked.pop() {
            discard("an observer", self.0.remove(index));
        }
    }
}

impl<G> fmt::Debug for Observers<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} observers", self.0.len())
    }
}
