//! The state machine of a session: where it is, and how each entry of its log moves it.
//!
//! ```text
//!             started             committed, failed over → Node
//!    Rest ──────────────▶ Unfinished ◀────────────────────────┐
//!     ▲ ▲                  │   │  └────────────────────────────┘
//!     │ └── → Pause ───────┘   └─── → End ──▶ Ended
//!     └───────────────── reopened ──────────────┘
//! ```

use serde::{Deserialize, Serialize};

/// Where a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "Position"))]
pub enum Position<N> {
    /// Between runs; the next one starts at this node.
    Rest(N),
    /// Within a run that failed, was stopped, cancelled or halted, at this node.
    Unfinished(N),
    /// Over.
    Ended,
}

impl<N> Position<N> {
    /// The same position with the node as something else, such as its name.
    pub fn map<M>(self, map: impl FnOnce(N) -> M) -> Position<M> {
        match self {
            Self::Rest(node) => Position::Rest(map(node)),
            Self::Unfinished(node) => Position::Unfinished(map(node)),
            Self::Ended => Position::Ended,
        }
    }

    /// The node that the position names; `None` at the end.
    pub(crate) fn node(&self) -> Option<&N> {
        match self {
            Self::Rest(node) | Self::Unfinished(node) => Some(node),
            Self::Ended => None,
        }
    }
}

/// What follows a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "Next"))]
pub enum Next<N> {
    /// The run continues with this node.
    Node(N),
    /// The run is over; the next one starts at this node.
    Pause(N),
    /// The run is over, and so is the session.
    End,
}

impl<N> Next<N> {
    /// The same with the node as something else, such as its name.
    pub(crate) fn map<M>(self, map: impl FnOnce(N) -> M) -> Next<M> {
        match self {
            Self::Node(node) => Next::Node(map(node)),
            Self::Pause(node) => Next::Pause(map(node)),
            Self::End => Next::End,
        }
    }
}

/// What a session is beside its state, over nodes `N`, failures `F` and inputs `I`.
///
/// An app has it in the types of its graph, a reader of the log in those of JSON. Both move it only by
/// the methods below, one for each entry that moves a session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Progress<N, F, I> {
    pub(crate) position: Position<N>,
    /// How many steps were committed.
    pub(crate) step: u64,
    /// How many runs were started.
    pub(crate) run: u64,
    /// Items of the step at the position that no commit covers. With a log, those that it was given.
    pub(crate) shown: u64,
    /// What the last `on error` edge passes on.
    pub(crate) failure: Option<F>,
    /// The run at the position; `None` at rest and at the end.
    pub(crate) unfinished: Option<Unfinished<N, F, I>>,
}

/// What an unfinished run started with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unfinished<N, F, I> {
    /// The node where it started.
    pub(crate) origin: N,
    /// What an `on error` edge passed on to there, over a pause.
    pub(crate) origin_failure: Option<F>,
    /// The inputs that it was given.
    pub(crate) inputs: I,
}

/// The run that a transition ended or replaced. Its inputs and failures may have destructors of the
/// program's.
#[must_use = "destructors may panic"]
pub(crate) struct RemovedRun<N, F, I>(pub(crate) Option<Unfinished<N, F, I>>);

impl<N, F, I> Progress<N, F, I> {
    /// A session that no run has moved yet.
    pub(crate) fn new(position: Position<N>) -> Self {
        Self { position, step: 0, run: 0, shown: 0, failure: None, unfinished: None }
    }

    /// A run starts at a node: where the last one paused, or, instead of an unfinished one, where that
    /// started. What an unfinished one has shown is superseded by an entry of its own.
    pub(crate) fn started(&mut self, run: u64, node: N, inputs: I) -> RemovedRun<N, F, I>
    where
        N: Clone,
        F: Clone,
    {
        let replaced = self.unfinished.take();
        match &replaced {
            Some(replaced) => self.failure.clone_from(&replaced.origin_failure),
            None => self.shown = 0,
        }
        self.run = run;
        self.position = Position::Unfinished(node.clone());
        let origin_failure = self.failure.clone();
        self.unfinished = Some(Unfinished { origin: node, origin_failure, inputs });
        RemovedRun(replaced)
    }

    /// The step at the position has shown an item.
    #[inline]
    pub(crate) fn shown(&mut self) {
        self.shown += 1;
    }

    /// What the step at the position has shown does not count any more.
    pub(crate) fn superseded(&mut self) {
        self.shown = 0;
    }

    /// The step at the position is committed.
    #[inline]
    pub(crate) fn committed(&mut self, next: Next<N>) -> RemovedRun<N, F, I> {
        if self.failure.is_some() {
            self.forget_failure();
        }
        self.step += 1;
        self.shown = 0;
        self.go(next)
    }

    /// The step at the position failed, and its `on error` edge is taken.
    pub(crate) fn failed_over(&mut self, failure: F, next: Next<N>) -> RemovedRun<N, F, I> {
        self.failure = Some(failure);
        self.shown = 0;
        self.go(next)
    }

    /// A session that had ended is put at its start.
    pub(crate) fn reopened(&mut self, start: N) {
        self.position = Position::Rest(start);
        self.failure = None;
    }

    #[inline]
    fn go(&mut self, next: Next<N>) -> RemovedRun<N, F, I> {
        self.position = match next {
            Next::Node(node) => {
                self.position = Position::Unfinished(node);
                return RemovedRun(None);
            }
            Next::Pause(node) => Position::Rest(node),
            Next::End => Position::Ended,
        };
        RemovedRun(self.unfinished.take())
    }

    #[cold]
    fn forget_failure(&mut self) {
        self.failure = None;
    }
}
