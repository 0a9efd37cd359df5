//! What an app is between polls: the committed state, the position, and what runs need.

use super::{
    Outcome, Position, RunError, RunErrorKind, recording::Recording, restore::check_slots,
};
use crate::{
    Context,
    action::Failure,
    event::{Event, EventKind, Observers, Published},
    graph::{Graph, Next, Node},
    panics::discard,
    stream::{Attention, Outlet, Settling},
    sync::{Mutex, exclusive},
};
use serde_json::Value;
use std::{fmt, future::poll_fn, mem, sync::Arc, task::Poll};

/// One session, owned by an app and lent to its runs.
pub(crate) struct Session<G: Graph> {
    /// The last committed state.
    pub(super) state: G::State,
    pub(super) position: Position<G::Node>,
    /// The node whose step runs.
    pub(super) at: G::Node,
    /// Where the current or unfinished run began.
    pub(super) origin: G::Node,
    /// What an `on error` edge passed on to there, over a pause.
    pub(super) origin_failure: Option<Failure>,
    /// The inputs of the current or unfinished run.
    pub(super) inputs: Option<G::Inputs>,
    pub(super) resources: Arc<G::Resources>,
    /// What the last `on error` edge passes on.
    pub(super) failure: Option<Failure>,
    /// The last node that the current run committed.
    pub(super) last: Option<G::Node>,
    /// Items that the step at the position has shown and that no commit covers.
    pub(super) shown: u64,
    pub(super) context: Context,
    pub(super) observers: Observers<G>,
    /// What writes to the log, if there is one.
    pub(super) recording: Option<Box<Recording<G>>>,
    /// The run's end of the one-item slot. The lock is never taken, `get_mut` goes around it: it
    /// is there because an app is `Sync` and half a slot is not.
    pub(super) outlet: Mutex<Outlet<Published<G>>>,
}

/// What a call begins.
pub(super) enum Begin<I> {
    Run(I),
    Resume,
    Restart(I),
}

impl<G: Graph> Session<G> {
    /// Checks that a run may begin, records that it does, and puts the session into it.
    /// Takes the inputs, unless it returns an error.
    pub(super) async fn begin(&mut self, begin: &mut Begin<G::Inputs>) -> Result<(), RunError> {
        self.wait_for_log();
        self.recover().await?;
        let node = self.may_begin(begin)?;
        self.record_begin(begin, node).await?;
        if let Begin::Run(inputs) | Begin::Restart(inputs) = mem::replace(begin, Begin::Resume) {
            if matches!(self.position, Position::Rest(_)) {
                self.origin_failure.clone_from(&self.failure);
            } else {
                self.failure.clone_from(&self.origin_failure);
            }
            discard("inputs", self.inputs.replace(inputs));
            self.origin = node;
            self.position = Position::Unfinished(node);
            self.context.run += 1;
        }
        self.last = None;
        self.context.attempt = 1;
        Ok(())
    }

    /// No action runs: what is waited for from now on is the log, if there is one, and so no grace
    /// period and no timeout counts it.
    pub(super) fn wait_for_log(&self) {
        if self.recording.is_some() {
            self.context.control.settle(Settling::Yes);
        }
    }

    /// The node that a run would begin at or go on at.
    fn may_begin(&self, begin: &Begin<G::Inputs>) -> Result<G::Node, RunError> {
        let (node, inputs) = match (begin, self.position) {
            (_, Position::Ended) => return Err(RunErrorKind::Ended.into()),
            (Begin::Run(inputs), Position::Rest(node)) => (node, inputs),
            (Begin::Run(_), Position::Unfinished(node)) => {
                return Err(RunErrorKind::Unfinished { node: node.name() }.into());
            }
            (Begin::Restart(inputs), Position::Unfinished(_)) => {
                if self.recording.is_some() {
                    // another version of the graph may have led there
                    check_slots::<G>(self.origin, &self.state)?;
                }
                (self.origin, inputs)
            }
            (Begin::Resume, Position::Unfinished(node)) => {
                let known = self.inputs.is_some();
                let unknown = RunErrorKind::InputsUnknown { node: node.name() };
                return if known { Ok(node) } else { Err(unknown.into()) };
            }
            (Begin::Resume | Begin::Restart(_), Position::Rest(node)) => {
                return Err(RunErrorKind::AtRest { node: node.name() }.into());
            }
        };
        missing_input::<G>(node, inputs)?;
        Ok(node)
    }

    /// The node that the position names; the start once the session has ended.
    pub(super) fn node(&self) -> G::Node {
        match self.position {
            Position::Rest(node) | Position::Unfinished(node) => node,
            Position::Ended => G::START,
        }
    }

    /// The one place where a step is committed: the state already holds the candidate, what follows
    /// is known, and the log, if there is one, has the step. Position and step number move.
    #[inline]
    pub(super) fn commit(&mut self, node: G::Node, next: Next<G::Node>) {
        self.last = Some(node);
        if self.failure.is_some() {
            self.forget_failure();
        }
        self.shown = 0;
        self.context.step += 1;
        self.go(next);
    }

    /// What follows the step that was committed last.
    #[inline]
    pub(super) fn next(&self) -> Next<G::Node> {
        match self.position {
            Position::Unfinished(node) => Next::Node(node),
            Position::Rest(node) => Next::Pause(node),
            Position::Ended => Next::End,
        }
    }

    /// Moves the position.
    #[inline]
    pub(super) fn go(&mut self, next: Next<G::Node>) {
        self.position = match next {
            Next::Node(node) => Position::Unfinished(node),
            Next::Pause(node) => Position::Rest(node),
            Next::End => Position::Ended,
        };
    }

    #[cold]
    fn forget_failure(&mut self) {
        self.failure = None;
    }

    /// A run is over: an app that is idle keeps nothing of it. Unless the run is to go on, nobody asks
    /// for its inputs again; and a waker would hold the whole task that drove it.
    pub(super) fn forget_run(&mut self) {
        exclusive(&mut self.outlet).forget();
        if !matches!(self.position, Position::Unfinished(_)) {
            discard("inputs", self.inputs.take());
            if let Some(recording) = &mut self.recording {
                recording.inputs = Value::Null;
            }
        }
    }

    /// Whether anyone hears an event that is no item.
    #[inline]
    pub(super) fn is_heard(&self) -> bool {
        self.context.control.is_heard()
    }

    /// Tells of the commit that was just made, which has moved the step number on.
    pub(super) async fn publish_commit(&mut self, node: G::Node) {
        let step = self.context.step - 1;
        let kind = EventKind::StepCommitted { next: self.next() };
        self.publish_at(step, node, kind).await;
    }

    pub(super) async fn publish(&mut self, node: G::Node, kind: EventKind<G>) {
        self.publish_at(self.context.step, node, kind).await;
    }

    /// Tells observers, and the consumer if it asked for such events; waits until it took it.
    async fn publish_at(&mut self, step: u64, node: G::Node, kind: EventKind<G>) {
        let wanted = match self.context.control.attention() {
            Attention::Items => false,
            Attention::Commits => matches!(kind, EventKind::StepCommitted { .. }),
            Attention::Start => matches!(kind, EventKind::RunStarted),
            Attention::Events => true,
        };
        if wanted {
            self.record_shown().await;
        }
        let cursor = match kind {
            EventKind::StepCommitted { .. } => self.committed_cursor(),
            _ => self.cursor(),
        };
        let event = Event { step, ..Event::new(&self.context, node, cursor, kind) };
        self.observers.notify(&event);
        if let EventKind::ItemsSuperseded { .. } = event.kind {
            self.shown = 0;
        }
        if !wanted {
            return;
        }
        let outlet = exclusive(&mut self.outlet);
        let mut event = Some(Published::Event(Box::new(event)));
        poll_fn(|cx| match event.take() {
            Some(full) if outlet.is_free() => {
                event = outlet.put(full).err();
                outlet.suspend(cx);
                Poll::Pending
            }
            Some(full) => {
                event = Some(full);
                outlet.suspend(cx);
                Poll::Pending
            }
            None => outlet.poll_free(cx),
        })
        .await;
    }

    /// The run's future was dropped before it came to an end: the run is cancelled, unless its
    /// last step was committed and only nobody came for the outcome.
    pub(super) fn cancelled(&mut self) {
        self.context.control.at(self.node().index());
        // a thread cannot be dropped, but told
        self.context.control.stop(self.context.turn);
        self.tell_superseded();
        self.record_cancel();
        let cursor = self.cursor();
        let event = || {
            let (node, kind) = match self.rest() {
                Outcome::Stopped(node) => (node, EventKind::RunCancelled),
                outcome => (self.last.unwrap_or(self.node()), EventKind::RunFinished { outcome }),
            };
            Event::new(&self.context, node, cursor, kind)
        };
        let (told, shown) = (event(), event());
        self.observers.notify(&told);
        let outlet = exclusive(&mut self.outlet);
        outlet.reset();
        if self.context.control.attention() == Attention::Events {
            // who drops the run does not look, but who let the grace period pass does
            drop(outlet.put(Published::Event(Box::new(shown))));
        }
    }

    /// Tells what the log has and nobody heard, because the run was dropped in between.
    fn tell_superseded(&mut self) {
        if self.shown > 0 && self.recording.as_ref().is_some_and(|found| found.items == 0) {
            let cursor = self.cursor();
            let kind = EventKind::ItemsSuperseded { items: mem::take(&mut self.shown) };
            self.observers.notify(&Event::new(&self.context, self.at, cursor, kind));
        }
    }

    /// The outcome that follows from where the session came to rest.
    pub(super) fn rest(&self) -> Outcome<G::Node> {
        match self.position {
            Position::Rest(node) => Outcome::Paused(node),
            Position::Unfinished(node) => Outcome::Stopped(node),
            Position::Ended => Outcome::Ended,
        }
    }
}

impl<G: Graph> fmt::Debug for Session<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.context.session)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// Refuses inputs without which a node that the run can reach before its next pause would fail.
fn missing_input<G: Graph>(from: G::Node, inputs: &G::Inputs) -> Result<(), RunError> {
    if !G::TOPOLOGY.has_optional_inputs() {
        return Ok(());
    }
    let reachable = G::TOPOLOGY.reachable_before_pause(from.index());
    for (node, reached) in G::Node::ALL.iter().zip(reachable) {
        if reached && let Some(input) = G::missing_input(*node, inputs) {
            return Err(RunErrorKind::MissingInput { node: node.name(), input }.into());
        }
    }
    Ok(())
}
