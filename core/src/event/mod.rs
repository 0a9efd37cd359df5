//! What a run tells: closed enums for consumers and observers.

mod observer;
mod spans;

pub(crate) use self::observer::Observers;
pub use self::observer::{Observed, Observer};
pub use self::spans::Spans;

use crate::{
    Context,
    action::Failure,
    graph::{Graph, Next},
    log::Cursor,
    names,
    outcome::{Outcome, RunError},
    sync::Arc,
};
use std::{fmt, time::Duration};

/// Something that happened in a run.
pub struct Event<G: Graph> {
    pub(crate) session: Arc<str>,
    /// The number of the run in the session, from 1; a run that is resumed keeps it.
    pub run: u64,
    /// The node that the run was at.
    pub node: G::Node,
    /// The number of the step in the session, from 0; where a run begins or is over, how many steps
    /// were committed.
    pub step: u64,
    /// The number of the attempt at the step, from 1.
    pub attempt: u32,
    /// Its entry in the log, if there is one: where a consumer that comes back goes on. There is
    /// none without a log, and when the log did not take it.
    pub cursor: Option<Cursor>,
    /// What happened.
    pub kind: EventKind<G>,
    /// The state after a commit, for its consumer.
    pub(crate) state: Option<Box<G::State>>,
}

impl<G: Graph> Event<G> {
    /// An event at the step and attempt of a context.
    pub(crate) fn new(
        context: &Context,
        node: G::Node,
        cursor: Option<Cursor>,
        kind: EventKind<G>,
    ) -> Self {
        let (session, run) = (Arc::clone(&context.session), context.run);
        let (step, attempt, state) = (context.step, context.attempt, None);
        Self { session, run, node, step, attempt, cursor, kind, state }
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

    /// Copies what the step wrote out of [`state`](Self::state).
    pub fn writes(&self) -> Option<G::Writes> {
        self.state().map(|state| G::writes(self.node, state))
    }
}

/// What lies in the slot between a run's future and its consumer.
///
/// An item alone, unless the consumer wants events: what every item would carry in vain costs more
/// than the item. Events of other kinds are rare there, so that a box keeps the slot small.
pub(crate) enum Published<G: Graph> {
    Item(G::Node, G::Item),
    Event(Box<Event<G>>),
}

/// What happened.
///
/// A run tells: `RunStarted`; for each step `StepStarted`, items, `StepCommitted`; and one of
/// `RunFinished`, `RunFailed`, `RunCancelled`.
pub enum EventKind<G: Graph> {
    /// A run began or went on.
    RunStarted,
    /// A step began.
    StepStarted,
    /// The action yielded an item.
    Item(G::Item),
    /// Items that this step has shown do not count any more: it failed, or another attempt follows.
    ItemsSuperseded {
        /// How many.
        items: u64,
    },
    /// An attempt failed and another one follows.
    AttemptFailed {
        /// Why it failed.
        failure: Failure,
        /// How long the run waits before the next attempt.
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
        /// What follows.
        next: Next<G::Node>,
    },
    /// The run came to its outcome.
    RunFinished {
        /// How it ended.
        outcome: Outcome<G::Node>,
    },
    /// The run ended with an error.
    RunFailed {
        /// The error; in a box, so that events of other kinds stay small.
        error: RunError,
    },
    /// The run was dropped, or did not finish within the grace period after a stop.
    RunCancelled,
}

impl<G: Graph> EventKind<G> {
    /// The kind's name, as trace output and logs write it.
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
