//! The state machine of a session: its position, and how each entry of its log changes it.
//!
//! ```text
//!             started             committed, failed over → Node
//!    Rest ──────────────▶ Unfinished ◀────────────────────────┐
//!     ▲ ▲                  │   │  └────────────────────────────┘
//!     │ └── → Pause ───────┘   └─── → End ──▶ Ended
//!     └───────────────── reopened ──────────────┘
//! ```

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The position of a session.
///
/// ```
#[doc = include_str!("docs/cafe.txt")]
/// use burdock::Position;
///
/// let mut app = Cafe::app().build().await?;
/// app.run(CafeInputs { cups: 2 }).halt_before(CafeNode::pay).await?;
///
/// // continues a session wherever it is
/// let run = match app.position() {
///     Position::Rest(_) => app.run(CafeInputs { cups: 1 }),
///     Position::Unfinished(_) => app.resume(),
///     Position::Ended => return Ok(()),
/// };
/// assert_eq!(run.await?.state().paid, 4);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "Position"))]
pub enum Position<N> {
    /// Between runs. The next run starts at this node.
    Rest(N),
    /// In a run that failed, was stopped, cancelled or halted at this node.
    Unfinished(N),
    /// The session has ended.
    Ended,
}

impl<N> Position<N> {
    /// Maps the node of the position, for example to its name.
    pub fn map<M>(self, map: impl FnOnce(N) -> M) -> Position<M> {
        match self {
            Self::Rest(node) => Position::Rest(map(node)),
            Self::Unfinished(node) => Position::Unfinished(map(node)),
            Self::Ended => Position::Ended,
        }
    }

    /// Returns the node of the position, or `None` at the end.
    pub(crate) fn node(&self) -> Option<&N> {
        match self {
            Self::Rest(node) | Self::Unfinished(node) => Some(node),
            Self::Ended => None,
        }
    }
}

/// The transition that follows a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "Next"))]
pub enum Next<N> {
    /// The run continues with this node.
    Node(N),
    /// The run is over. The next run starts at this node.
    Pause(N),
    /// The run is over, and the session has ended.
    End,
}

impl<N> Next<N> {
    /// Maps the node of the transition, for example to its name.
    pub(crate) fn map<M>(self, map: impl FnOnce(N) -> M) -> Next<M> {
        match self {
            Self::Node(node) => Next::Node(map(node)),
            Self::Pause(node) => Next::Pause(map(node)),
            Self::End => Next::End,
        }
    }
}

/// Everything in a session except its state, over nodes `N`, failures `F`, inputs `I` and calls `C`.
///
/// An app stores it with the types of its graph, a reader of the log as JSON. Both change it only by
/// the methods below, one for each kind of entry that changes a session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Progress<N, F, I, C> {
    pub(crate) position: Position<N>,
    /// The number of steps that were committed.
    pub(crate) step: u64,
    /// The number of runs that were started.
    pub(crate) run: u64,
    /// The number of items of the current step that no commit covers. With a log, those that were added to it.
    pub(crate) shown: u64,
    /// The calls of the current step, by their keys. Empty without a log.
    pub(crate) calls: BTreeMap<String, C>,
    /// The failure that the last `on error` edge passes on.
    pub(crate) failure: Option<F>,
    /// The unfinished run. `None` at rest and at the end.
    pub(crate) unfinished: Option<Unfinished<N, F, I>>,
}

/// An unfinished run, as it started.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unfinished<N, F, I> {
    /// The node at which it started.
    pub(crate) origin: N,
    /// The failure that an `on error` edge passed on to that node, across a pause.
    pub(crate) origin_failure: Option<F>,
    /// Its inputs.
    pub(crate) inputs: I,
}

/// The run that a transition ended or replaced. Its inputs and failures may have destructors of the program.
#[must_use = "destructors may panic"]
pub(crate) struct RemovedRun<N, F, I>(pub(crate) Option<Unfinished<N, F, I>>);

impl<N, F, I, C> Progress<N, F, I, C> {
    /// Returns the progress of a session without any run.
    pub(crate) fn new(position: Position<N>) -> Self {
        let (calls, failure, unfinished) = (BTreeMap::new(), None, None);
        Self { position, step: 0, run: 0, shown: 0, calls, failure, unfinished }
    }

    /// Starts a run: at the node where the last one paused or, if it replaces an unfinished run, where that one
    /// started. The items that the unfinished run has shown are superseded by an entry of its own.
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
        self.forget_calls();
        self.run = run;
        self.position = Position::Unfinished(node.clone());
        let origin_failure = self.failure.clone();
        self.unfinished = Some(Unfinished { origin: node, origin_failure, inputs });
        RemovedRun(replaced)
    }

    /// Records that the current step has shown an item.
    #[inline]
    pub(crate) fn shown(&mut self) {
        self.shown += 1;
    }

    /// Records that the items of the current step no longer count.
    pub(crate) fn superseded(&mut self) {
        self.shown = 0;
    }

    /// Records a call of the current step.
    pub(crate) fn called(&mut self, key: String, call: C) {
        self.calls.insert(key, call);
    }

    /// Commits the current step in a log, and discards its calls.
    pub(crate) fn committed_in_log(&mut self, next: Next<N>) -> RemovedRun<N, F, I> {
        self.forget_calls();
        self.committed(next)
    }

    /// Commits the current step. Only sessions with a log have calls here: see
    /// [`committed_in_log`](Self::committed_in_log).
    #[inline]
    pub(crate) fn committed(&mut self, next: Next<N>) -> RemovedRun<N, F, I> {
        if self.failure.is_some() {
            self.forget_failure();
        }
        self.step += 1;
        self.shown = 0;
        self.transition(next)
    }

    /// Fails the current step and takes its `on error` edge.
    pub(crate) fn failed_over(&mut self, failure: F, next: Next<N>) -> RemovedRun<N, F, I> {
        self.failure = Some(failure);
        self.shown = 0;
        self.forget_calls();
        self.transition(next)
    }

    /// Moves a session that has ended to its start.
    pub(crate) fn reopened(&mut self, start: N) {
        self.position = Position::Rest(start);
        self.failure = None;
    }

    #[inline]
    fn transition(&mut self, next: Next<N>) -> RemovedRun<N, F, I> {
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

    /// Discards the calls of the current step.
    pub(crate) fn forget_calls(&mut self) {
        self.calls.clear();
    }

    #[cold]
    fn forget_failure(&mut self) {
        self.failure = None;
    }
}
