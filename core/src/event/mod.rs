//! Events of a run, for its consumer and for observers.

mod observer;
mod spans;

pub(crate) use self::observer::Observers;
pub use self::observer::{Observed, Observer};
pub use self::spans::Spans;

use crate::{
    Context,
    action::{Failure, WriteExtent},
    graph::{Graph, Next},
    log::Cursor,
    names,
    outcome::{Outcome, RunError},
    sync::Arc,
};
use std::{fmt, time::Duration};

/// An event of a run.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// let mut app = Cafe::app().build().await?;
/// let mut events = app.run(CafeInputs { cups: 2 }).events();
/// let mut steps = Vec::new();
/// while let Some(event) = events.next().await.transpose()? {
///     if let Some(bill) = event.state() {
///         steps.push((event.step, event.node, bill.cups, bill.paid)); // a commit
///     }
/// }
/// assert_eq!(steps, [(0, CafeNode::brew, 2, 0), (1, CafeNode::pay, 2, 4)]);
/// # Ok(()) }
/// ```
pub struct Event<G: Graph> {
    pub(crate) session: Arc<str>,
    /// The number of the run in the session, from 1; a run that is resumed keeps it.
    pub run: u64,
    /// The current node of the run.
    pub node: G::Node,
    /// The number of the step in the session, from 0; at the start and the end of a run, the number of
    /// committed steps.
    pub step: u64,
    /// The number of the attempt at the step, from 1.
    pub attempt: u32,
    /// The cursor of its entry in the log, from which a consumer that reconnects continues. `None` if the app
    /// has no log, or the log did not store the entry.
    pub cursor: Option<Cursor>,
    /// The kind of the event.
    pub kind: EventKind<G>,
    /// The state after a commit, for the consumer.
    pub(crate) state: Option<Box<G::State>>,
    /// The extent of the writes of a commit.
    pub(crate) extent: WriteExtent,
}

impl<G: Graph> Event<G> {
    /// Creates an event at the step and attempt of a context.
    pub(crate) fn new(
        context: &Context,
        node: G::Node,
        cursor: Option<Cursor>,
        kind: EventKind<G>,
    ) -> Self {
        let (session, run) = (Arc::clone(&context.session), context.run);
        let (step, attempt, state) = (context.step, context.attempt, None);
        let extent = WriteExtent::new();
        Self { session, run, node, step, attempt, cursor, kind, state, extent }
    }

    /// The id of the session.
    pub fn session(&self) -> &str {
        &self.session
    }

    /// The state after the step, if the event is a [`StepCommitted`](EventKind::StepCommitted) of
    /// [`Run::events`](crate::Run::events). An observer has it from [`Observed::state`].
    ///
    /// It is a copy. A [`Vector`](crate::Vector) or an [`OrdMap`](crate::OrdMap) is copied in constant time.
    pub fn state(&self) -> Option<&G::State> {
        self.state.as_deref()
    }

    /// Copies the writes of the step from [`state`](Self::state). Of a list to which the step appended, these are the
    /// new elements.
    pub fn writes(&self) -> Option<G::Writes> {
        self.state().map(|state| G::writes(self.node, state, &self.extent))
    }
}

/// A value in the slot between a run's future and its consumer.
///
/// Items are passed without an event unless the consumer subscribes to events, because the rest of the event
/// costs more than the item. Other events are rare, and boxed to keep the slot small.
pub(crate) enum Published<G: Graph> {
    Item(G::Node, G::Item),
    Event(Box<Event<G>>),
}

/// The kind of an event.
///
/// A run emits `RunStarted`; for each step `StepStarted`, items and `StepCommitted`; and finally one of
/// `RunFinished`, `RunFailed` and `RunCancelled`.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// use burdock::{Event, EventKind};
///
/// fn line(event: &Event<Cafe>) -> Option<String> {
///     match &event.kind {
///         EventKind::Item(item) => Some(format!("{}: {item}", event.node)),
///         EventKind::ItemsSuperseded { items } => Some(format!("ignore the last {items} lines")),
///         EventKind::RunFinished { outcome } => Some(format!("run {} {outcome}", event.run)),
///         _ => None,
///     }
/// }
///
/// # let mut app = Cafe::app().build().await?;
/// # let mut lines = Vec::new();
/// let mut events = app.run(CafeInputs { cups: 1 }).events();
/// while let Some(event) = events.next().await {
///     lines.extend(line(&event?));
/// }
/// assert_eq!(lines, ["brew: cup 1", "pay: paid 2", "run 1 paused before `brew`"]);
/// # Ok(()) }
/// ```
pub enum EventKind<G: Graph> {
    /// A run started or was resumed.
    RunStarted,
    /// A step started.
    StepStarted,
    /// The action yielded an item.
    Item(G::Item),
    /// The items that this step has shown are superseded: it failed, or another attempt follows.
    ItemsSuperseded {
        /// The number of items.
        items: u64,
    },
    /// An attempt failed and another one follows.
    AttemptFailed {
        /// Why it failed.
        failure: Failure,
        /// The delay before the next attempt.
        retry_in: Duration,
    },
    /// The step failed after its retries.
    StepFailed {
        /// Why it failed.
        failure: Failure,
        /// Where its `on error` edge leads, if it has one.
        next: Option<Next<G::Node>>,
    },
    /// The step was committed.
    StepCommitted {
        /// The transition that follows.
        next: Next<G::Node>,
    },
    /// The run ended with an outcome.
    RunFinished {
        /// The outcome.
        outcome: Outcome<G::Node>,
    },
    /// The run ended with an error.
    RunFailed {
        /// The error.
        error: RunError,
    },
    /// The run was dropped, or did not finish within the grace period after a stop.
    RunCancelled,
}

impl<G: Graph> EventKind<G> {
    /// Returns the name of the kind, as in trace output and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RunStarted => names::RUN_STARTED,
            Self::StepStarted => names::STEP_STARTED,
            Self::Item(_) => names::ITEM,
            Self::ItemsSuperseded { .. } => names::ITEMS_SUPERSEDED,
            Self::AttemptFailed { .. } => names::ATTEMPT_FAILED,
            Self::StepFailed { .. } => names::STEP_FAILED,
            Self::StepCommitted { .. } => names::STEP_COMMITTED,
            Self::RunFinished { .. } => names::RUN_FINISHED,
            Self::RunFailed { .. } => names::RUN_FAILED,
            Self::RunCancelled => names::RUN_CANCELLED,
        }
    }
}

impl<G: Graph> fmt::Debug for Event<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.{} ", self.node, self.step, self.attempt)?;
        self.kind.fmt(f)
    }
}

impl<G: Graph> fmt::Debug for EventKind<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::RunStarted | Self::StepStarted | Self::Item(_) | Self::RunCancelled => Ok(()),
            Self::ItemsSuperseded { items } => write!(f, " {items}"),
            Self::AttemptFailed { failure, .. } => write!(f, " {failure}"),
            Self::StepFailed { failure, next } => write!(f, " {failure}, then {next:?}"),
            Self::StepCommitted { next } => write!(f, " {next:?}"),
            Self::RunFinished { outcome } => write!(f, " {outcome:?}"),
            Self::RunFailed { error } => write!(f, " {error}"),
        }
    }
}
