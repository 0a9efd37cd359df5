//! A session of an app between polls: the committed state, its progress, and what runs need.

use super::{
    Outcome, Position, RestoreError, RunError, RunErrorKind,
    journal::Journal,
    progress::{GraphProgress, GraphRun, RunInputs},
    restore::{Restored, check_slots},
};
use crate::{
    action::{Context, Failure},
    event::{Event, EventKind, Observed, Observers, Published},
    graph::{Graph, Next, Node},
    log::{EntryKind, LogError},
    panics::discard,
    progress::RemovedRun,
    stream::{Attention, Outlet, Settling},
    sync::{Mutex, exclusive},
};
use std::{fmt, future::poll_fn, mem, sync::Arc, task::Poll};

/// One session, owned by an app and lent to its runs.
pub(crate) struct Session<G: Graph> {
    /// The last committed state.
    pub(super) state: G::State,
    pub(super) progress: GraphProgress<G>,
    /// The run that a transition ended, until it is over for its observers.
    over: Option<GraphRun<G>>,
    /// The node whose step runs, or ran last.
    pub(super) at: G::Node,
    /// The last node that the current run committed.
    pub(super) last: Option<G::Node>,
    /// Whether the last item of the step waits for the log, so that the consumer does not have it.
    pub(super) item_pending: bool,
    /// Items that are superseded, which consumer and observers have not been notified of.
    unreported: u64,
    pub(super) resources: Arc<G::Resources>,
    pub(super) context: Context,
    pub(super) observers: Observers<G>,
    pub(super) journal: Journal<G>,
    /// The run's end of the one-item slot. The lock is never taken, `get_mut` goes around it: it
    /// is there because an app is `Sync` and half a slot is not.
    pub(super) outlet: Mutex<Outlet<Published<G>>>,
}

/// How a run starts.
pub(super) enum Start<I> {
    Run(I),
    Resume,
    Restart(I),
}

/// How runs start.
impl<G: Graph> Session<G> {
    pub(super) fn new(
        state: G::State,
        progress: GraphProgress<G>,
        resources: Arc<G::Resources>,
        context: Context,
        observers: Observers<G>,
        outlet: Outlet<Published<G>>,
    ) -> Self {
        let at = progress.position.node().copied().unwrap_or(G::START);
        let (over, last, item_pending, unreported) = (None, None, false, 0);
        let (journal, outlet) = (Journal::none(), Mutex::new(outlet));
        Self {
            state,
            progress,
            over,
            at,
            last,
            item_pending,
            unreported,
            resources,
            context,
            observers,
            journal,
            outlet,
        }
    }

    /// Checks that a run may start, records that it does, and puts the session into it.
    /// Takes the inputs, unless it returns an error.
    pub(super) async fn start(&mut self, start: &mut Start<G::Inputs>) -> Result<(), RunError> {
        self.wait_for_log();
        self.recover().await?;
        let node = self.start_node(start)?;
        let json = self.journal.start(start, node, &self.state, &self.progress).await;
        let json = json.map_err(|error| self.log_error(error))?;
        if let Start::Run(inputs) | Start::Restart(inputs) = mem::replace(start, Start::Resume) {
            let inputs = RunInputs { typed: Some(inputs), json };
            let replaced = self.progress.started(self.progress.run + 1, node, inputs);
            discard("inputs", replaced);
        }
        self.last = None;
        self.context.run = self.progress.run;
        self.context.attempt = 1;
        Ok(())
    }

    /// No action runs: what is waited for from now on is the log, if there is one, and so no grace
    /// period and no timeout counts it.
    pub(super) fn wait_for_log(&self) {
        if self.journal.has_log() {
            self.context.control.settle(Settling::Yes);
        }
    }

    /// The node that a run would start at or continue at.
    fn start_node(&self, start: &Start<G::Inputs>) -> Result<G::Node, RunError> {
        let (node, inputs) = match (start, self.progress.position) {
            (_, Position::Ended) => return Err(RunErrorKind::Ended.into()),
            (Start::Run(inputs), Position::Rest(node)) => (node, inputs),
            (Start::Run(_), Position::Unfinished(node)) => {
                return Err(RunErrorKind::Unfinished { node: node.name() }.into());
            }
            (Start::Restart(inputs), Position::Unfinished(node)) => {
                let origin = self.origin().unwrap_or(node);
                if self.journal.has_log() {
                    // another version of the graph may have led there
                    check_slots::<G>(origin, &self.state)?;
                }
                (origin, inputs)
            }
            (Start::Resume, Position::Unfinished(node)) => {
                let known = self.inputs().is_some();
                let unknown = RunErrorKind::InputsUnknown { node: node.name() };
                return if known { Ok(node) } else { Err(unknown.into()) };
            }
            (Start::Resume | Start::Restart(_), Position::Rest(node)) => {
                return Err(RunErrorKind::AtRest { node: node.name() }.into());
            }
        };
        missing_input::<G>(node, inputs)?;
        Ok(node)
    }

    /// Reads the session back after an append that failed, or whose fate is unknown.
    pub(super) async fn recover(&mut self) -> Result<(), RunError> {
        let read = self.journal.recover().await.map_err(|error| self.log_error(error))?;
        if let Some(moment) = read {
            let last = moment.offset;
            let restored = Restored::from_snapshot(&self.context.session, moment.snapshot)?;
            self.adopt(restored)?;
            let unfinished = match self.progress.position {
                Position::Unfinished(node) => Some(node),
                Position::Rest(_) | Position::Ended => None,
            };
            self.journal.recovered(last, unfinished);
        }
        Ok(())
    }

    /// Puts the session where the log says that it is.
    pub(super) fn adopt(&mut self, restored: Restored<G>) -> Result<(), RestoreError> {
        discard("a state", mem::replace(&mut self.state, restored.state));
        discard("inputs", mem::replace(&mut self.progress, restored.progress));
        self.at = self.node();
        (self.item_pending, self.unreported) = (false, 0);
        self.journal.adopted(&self.state, restored.changed).map_err(RestoreError::Snapshot)
    }

    /// Puts a session that has ended at its start.
    pub(super) fn reopen(&mut self) -> Result<(), RunError> {
        if let Some(node) = self.progress.position.node() {
            return Err(RunErrorKind::NotEnded { node: node.name() }.into());
        }
        let added = self.journal.reopen(&self.state, &self.progress);
        added.map_err(|error| self.log_error(error))?;
        self.progress.reopened(G::START);
        Ok(())
    }
}

/// Where the session is, and how steps move it.
impl<G: Graph> Session<G> {
    /// The node that the position names; the start once the session has ended.
    #[inline]
    pub(super) fn node(&self) -> G::Node {
        self.progress.position.node().copied().unwrap_or(G::START)
    }

    /// Where the unfinished run started.
    pub(super) fn origin(&self) -> Option<G::Node> {
        self.progress.unfinished.as_ref().map(|run| run.origin)
    }

    /// The inputs of the run at the position.
    #[inline]
    pub(super) fn inputs(&self) -> Option<&G::Inputs> {
        self.progress.unfinished.as_ref()?.inputs.typed.as_ref()
    }

    /// Notes which step runs.
    #[inline]
    pub(super) fn enter(&mut self, node: G::Node) {
        self.context.step = self.progress.step;
        self.context.node = node.index();
        self.context.attempt = 1;
        self.at = node;
    }

    /// The one place where a step is committed: the state already holds the candidate, what follows
    /// is known, and the log, if there is one, has the step.
    #[inline]
    pub(super) fn commit(&mut self, node: G::Node, next: Next<G::Node>) {
        self.last = Some(node);
        let over = self.progress.committed(next);
        if over.0.is_some() {
            self.end_run(over);
        }
    }

    /// Keeps what a run was given until it is over for its observers.
    fn end_run(&mut self, RemovedRun(run): RemovedRun<G::Node, Failure, RunInputs<G::Inputs>>) {
        discard("inputs", mem::replace(&mut self.over, run));
    }

    /// Takes the error edge of a step that failed.
    pub(super) fn fail_over(&mut self, failure: Failure, next: Next<G::Node>) {
        let over = self.progress.failed_over(failure, next);
        self.end_run(over);
    }

    /// What follows the step that was committed last.
    #[inline]
    pub(super) fn next(&self) -> Next<G::Node> {
        match self.progress.position {
            Position::Unfinished(node) => Next::Node(node),
            Position::Rest(node) => Next::Pause(node),
            Position::Ended => Next::End,
        }
    }

    /// The outcome that follows from where the session came to rest.
    pub(super) fn rest(&self) -> Outcome<G::Node> {
        match self.progress.position {
            Position::Rest(node) => Outcome::Paused(node),
            Position::Unfinished(node) => Outcome::Stopped(node),
            Position::Ended => Outcome::Ended,
        }
    }

    /// How many items of the step the consumer has.
    pub(super) fn delivered(&self) -> u64 {
        self.progress.shown.saturating_sub(self.item_pending.into())
    }

    /// What the step has shown does not count any more.
    pub(super) fn forget_items(&mut self) {
        self.progress.superseded();
        self.item_pending = false;
    }

    pub(super) fn log_error(&self, source: LogError) -> RunError {
        RunErrorKind::Log { node: self.node().name(), source }.into()
    }
}

/// What runs publish.
impl<G: Graph> Session<G> {
    /// Whether anyone hears an event that is no item.
    #[inline]
    pub(super) fn is_heard(&self) -> bool {
        self.context.control.is_heard()
    }

    /// Publishes that what the last step has shown without a commit does not count any more.
    pub(super) async fn supersede(&mut self) {
        let (step, node, items) = (self.progress.step, self.at, self.progress.shown);
        if items > 0 {
            self.journal.enqueue(|| EntryKind::ItemsSuperseded {
                step,
                node: node.name().into(),
                items,
            });
            // a consumer has not seen an item that waits for the log
            self.unreported = self.delivered();
            self.forget_items();
        }
        if self.unreported > 0 {
            self.publish(node, EventKind::ItemsSuperseded { items: self.unreported }).await;
        }
    }

    /// Publishes the commit that was just made, which has moved the step number on.
    pub(super) async fn publish_commit(&mut self, node: G::Node) {
        let kind = EventKind::StepCommitted { next: self.next() };
        let event = self.event(node, kind);
        self.publish_event(Event { step: event.step - 1, ..event }).await;
    }

    pub(super) async fn publish(&mut self, node: G::Node, kind: EventKind<G>) {
        self.publish_event(self.event(node, kind)).await;
    }

    /// Notifies observers, and the consumer if it asked for such events; waits until it took it.
    async fn publish_event(&mut self, mut event: Event<G>) {
        let wanted = match self.context.control.attention() {
            Attention::Items => false,
            // a later call of `started` returns the cursor of the start
            Attention::Commits => {
                matches!(event.kind, EventKind::RunStarted | EventKind::StepCommitted { .. })
            }
            Attention::Start => matches!(event.kind, EventKind::RunStarted),
            Attention::Events => true,
        };
        if wanted {
            self.journal.flush_shown().await;
        }
        event.cursor = match event.kind {
            EventKind::StepCommitted { .. } => self.journal.committed(),
            _ => self.journal.cursor(),
        };
        self.notify(&event);
        if let EventKind::ItemsSuperseded { .. } = event.kind {
            self.unreported = 0;
        }
        if !wanted {
            return;
        }
        if let EventKind::StepCommitted { .. } = event.kind {
            event.state = Some(Box::new(self.state.clone()));
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

    /// Notifies observers.
    fn notify(&mut self, event: &Event<G>) {
        let Self { state, progress, over, observers, .. } = self;
        let run = progress.unfinished.as_ref().or(over.as_ref());
        let inputs = run.and_then(|run| run.inputs.typed.as_ref());
        observers.notify(event, &Observed::new(event, state, inputs));
    }

    /// An event of the run, between attempts.
    fn event(&self, node: G::Node, kind: EventKind<G>) -> Event<G> {
        let (run, step) = (self.progress.run, self.progress.step);
        Event { run, step, ..Event::new(&self.context, node, self.journal.cursor(), kind) }
    }

    /// The run's future was dropped before it ended: the run is cancelled, unless its last step was
    /// committed and only the outcome was not taken.
    pub(super) fn cancelled(&mut self) {
        let node = self.node();
        self.context.control.at(node.index());
        // a thread cannot be dropped, but told
        self.context.control.stop(self.context.turn);
        if self.unreported > 0 {
            let items = mem::take(&mut self.unreported);
            let event = self.event(self.at, EventKind::ItemsSuperseded { items });
            self.notify(&event);
        }
        if let Position::Unfinished(node) = self.progress.position {
            self.journal.cancel(node);
        }
        let event = || match self.rest() {
            Outcome::Stopped(node) => self.event(node, EventKind::RunCancelled),
            outcome => {
                let node = self.last.unwrap_or(node);
                self.event(node, EventKind::RunFinished { outcome })
            }
        };
        let (told, shown) = (event(), event());
        self.notify(&told);
        let outlet = exclusive(&mut self.outlet);
        outlet.reset();
        if self.context.control.attention() == Attention::Events {
            // who drops the run does not look, but who let the grace period pass does
            drop(outlet.put(Published::Event(Box::new(shown))));
        }
    }

    /// A run is over: an idle app keeps nothing of it. A waker would hold the whole task that drove it.
    pub(super) fn forget_run(&mut self) {
        discard("inputs", self.over.take());
        exclusive(&mut self.outlet).forget();
    }
}

impl<G: Graph> fmt::Debug for Session<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.context.session)
            .field("position", &self.progress.position)
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
