//! The session of an app: the committed state, its progress, and the resources of runs.

use super::{
    Outcome, Position, RestoreError, RunError, RunErrorKind,
    journal::Journal,
    progress::{GraphProgress, GraphRun, RunInputs},
    restore::{Restored, check_slots},
    step::{poll_transaction, settle_transaction},
};
use crate::{
    action::{Context, Failure, WriteExtent},
    event::{Event, EventKind, Observed, Observers, Published},
    graph::{Graph, Next, Node},
    log::{CallRecord, EntryKind, LogError},
    panics::discard,
    progress::RemovedRun,
    stream::{Committing, PlaceUse, SlotSender, Subscription},
    sync::{Mutex, exclusive},
};
use std::{fmt, future::poll_fn, mem, sync::Arc, task::Poll};

/// A session, owned by an app and borrowed by its runs.
pub(crate) struct Session<G: Graph> {
    /// The last committed state.
    pub(super) state: G::State,
    pub(super) progress: GraphProgress<G>,
    /// The run that a transition has ended. It is kept until the observers were notified of its end.
    ended_run: Option<GraphRun<G>>,
    /// The node of the current step, or of the last one.
    pub(super) step_node: G::Node,
    /// The last node that the current run committed.
    pub(super) last_committed: Option<G::Node>,
    /// The extent of the writes of that commit.
    pub(super) last_extent: WriteExtent,
    /// Whether the last item of the step waits for the log, and was not delivered to the consumer.
    pub(super) item_pending: bool,
    /// The number of superseded items of which the consumer and the observers were not notified yet.
    unreported: u64,
    pub(super) resources: Arc<G::Resources>,
    pub(super) context: Context,
    pub(super) observers: Observers<G>,
    pub(super) journal: Journal<G>,
    /// The sending end of the one-item slot. The mutex makes the app `Sync`, which this end is not. It is never
    /// locked, only accessed by `get_mut`.
    pub(super) sender: Mutex<SlotSender<Published<G>>>,
}

/// How a run starts.
pub(super) enum Start<I> {
    Run(I),
    Resume,
    Restart(I),
}

/// Starting, recovering and reopening.
impl<G: Graph> Session<G> {
    pub(super) fn new(
        state: G::State,
        progress: GraphProgress<G>,
        resources: Arc<G::Resources>,
        context: Context,
        observers: Observers<G>,
        sender: SlotSender<Published<G>>,
    ) -> Self {
        let step_node = progress.position.node().copied().unwrap_or(G::START);
        let (ended_run, last_committed, item_pending, unreported) = (None, None, false, 0);
        let (journal, sender) = (Journal::none(), Mutex::new(sender));
        Self {
            state,
            progress,
            ended_run,
            step_node,
            last_committed,
            last_extent: WriteExtent::new(),
            item_pending,
            unreported,
            resources,
            context,
            observers,
            journal,
            sender,
        }
    }

    /// Checks that a run may start, records its start, and updates the session.
    ///
    /// Takes the inputs from `start`, unless it returns an error.
    pub(super) async fn start(&mut self, start: &mut Start<G::Inputs>) -> Result<(), RunError> {
        self.mark_waiting_for_log();
        // a run that was leaked has not ended its attempt
        self.keep_calls();
        self.recover().await?;
        let node = self.start_node(start)?;
        let json = self.journal.start(start, node, &self.state, &self.progress).await;
        let json = json.map_err(|error| self.log_error(error))?;
        if let Start::Run(inputs) | Start::Restart(inputs) = mem::replace(start, Start::Resume) {
            let inputs = RunInputs { typed: Some(inputs), json };
            self.context.control.forget_calls();
            let replaced = self.progress.started(self.progress.run + 1, node, inputs);
            discard("inputs", replaced);
        }
        self.last_committed = None;
        self.context.run = self.progress.run;
        self.context.attempt = 1;
        Ok(())
    }

    /// Marks that no action is running and that the run waits only for the log, if there is one. This time counts
    /// neither for the grace period nor for a timeout.
    pub(super) fn mark_waiting_for_log(&self) {
        if self.journal.has_log() {
            self.context.control.set_committing(Committing::Yes);
        }
    }

    /// Returns the node at which a run would start or continue.
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
                    // another version of the graph may have started the run there
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

    /// Reads the session from the log again after an append that failed, or whose result is unknown.
    pub(super) async fn recover(&mut self) -> Result<(), RunError> {
        let read = self.journal.recover().await.map_err(|error| self.log_error(error))?;
        if let Some(view) = read {
            let last = view.offset;
            let restored = Restored::from_snapshot(&self.context.session, view.snapshot)?;
            self.adopt(restored)?;
            let unfinished = match self.progress.position {
                Position::Unfinished(node) => Some(node),
                Position::Rest(_) | Position::Ended => None,
            };
            self.journal.recovered(last, unfinished);
        }
        Ok(())
    }

    /// Replaces the state and the progress with those from the log.
    pub(super) fn adopt(&mut self, restored: Restored<G>) -> Result<(), RestoreError> {
        discard("a state", mem::replace(&mut self.state, restored.state));
        discard("inputs", mem::replace(&mut self.progress, restored.progress));
        self.step_node = self.node();
        (self.item_pending, self.unreported) = (false, 0);
        self.journal.adopted(&self.state, restored.changed).map_err(RestoreError::Snapshot)
    }

    /// Moves a session that has ended back to its start.
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

/// The position of the session, and its changes by steps.
impl<G: Graph> Session<G> {
    /// Returns the node of the position; the start node if the session has ended.
    #[inline]
    pub(super) fn node(&self) -> G::Node {
        self.progress.position.node().copied().unwrap_or(G::START)
    }

    /// Returns the node at which the unfinished run started.
    pub(super) fn origin(&self) -> Option<G::Node> {
        self.progress.unfinished.as_ref().map(|run| run.origin)
    }

    /// Returns the inputs of the unfinished run.
    #[inline]
    pub(super) fn inputs(&self) -> Option<&G::Inputs> {
        self.progress.unfinished.as_ref()?.inputs.typed.as_ref()
    }

    /// Sets the current step.
    #[inline]
    pub(super) fn enter(&mut self, node: G::Node) {
        self.context.step = self.progress.step;
        self.context.node = node.index();
        self.context.attempt = 1;
        self.step_node = node;
        self.start_attempt();
    }

    /// Starts another attempt at the current step.
    pub(super) fn enter_again(&mut self) {
        self.context.attempt += 1;
        self.start_attempt();
    }

    #[inline]
    fn start_attempt(&mut self) {
        self.context.serial += 1;
        self.context.control.start_attempt(self.context.serial);
    }

    /// Passes the calls of the step on to the current attempt, in a session with a log.
    pub(super) fn pass_calls(&self) {
        let end = self.journal.calls_end();
        self.context.control.start_logged(self.context.serial, &self.progress.calls, end);
    }

    /// Waits until no transaction of the current attempt is in progress. Returns the error after which nothing can be
    /// appended.
    pub(super) async fn finish_transaction(&mut self) -> Option<LogError> {
        let Self { context, journal, .. } = self;
        poll_fn(|cx| poll_transaction(journal, &context.control, cx)).await;
        context.control.take_rejection()
    }

    /// Ends the current attempt, which was not committed, and keeps its calls for the next one. Does nothing
    /// between two attempts.
    pub(super) fn keep_calls(&mut self) {
        let Self { context, journal, progress, .. } = self;
        let control = &context.control;
        if !journal.has_log() {
            control.keep_calls(context.serial, context.step);
            return;
        }
        control.revoke_place();
        settle_transaction(journal, control);
        if control.place_use() == PlaceUse::Transaction {
            journal.transaction_lost();
        }
        // results may have come after the last poll of the action, or with its panic
        let add =
            |key: &str, call, before: Option<&CallRecord>| journal.call(context, key, call, before);
        progress.calls.extend(control.end_calls(context.serial, add));
        journal.submit_calls();
    }

    /// Commits a step; steps are committed nowhere else. Before the call, the writes are in the state, the
    /// transition is evaluated, and the log, if there is one, has stored the step.
    #[inline]
    pub(super) fn commit(&mut self, node: G::Node, next: Next<G::Node>, extent: WriteExtent) {
        self.last_committed = Some(node);
        self.last_extent = extent;
        if self.context.control.attempt_committed() {
            self.context.home.discard_children();
        }
        let ended = self.progress.committed(next);
        if ended.0.is_some() {
            self.end_run(ended);
        }
    }

    /// Keeps the inputs of a run until its observers were notified of the end.
    fn end_run(&mut self, RemovedRun(run): RemovedRun<G::Node, Failure, RunInputs<G::Inputs>>) {
        discard("inputs", mem::replace(&mut self.ended_run, run));
    }

    /// Takes the error edge of a step that failed.
    pub(super) fn fail_over(&mut self, failure: Failure, next: Next<G::Node>) {
        self.context.control.forget_calls();
        let ended = self.progress.failed_over(failure, next);
        self.end_run(ended);
    }

    /// Returns the transition after the last committed step.
    #[inline]
    pub(super) fn next(&self) -> Next<G::Node> {
        match self.progress.position {
            Position::Unfinished(node) => Next::Node(node),
            Position::Rest(node) => Next::Pause(node),
            Position::Ended => Next::End,
        }
    }

    /// Returns the outcome of a run that ends at the current position.
    pub(super) fn outcome_at_position(&self) -> Outcome<G::Node> {
        match self.progress.position {
            Position::Rest(node) => Outcome::Paused(node),
            Position::Unfinished(node) => Outcome::Stopped(node),
            Position::Ended => Outcome::Ended,
        }
    }

    /// Returns the number of items of the step that were delivered to the consumer.
    pub(super) fn delivered(&self) -> u64 {
        self.progress.shown.saturating_sub(self.item_pending.into())
    }

    /// Marks the items of the step as superseded, without publishing it.
    pub(super) fn mark_superseded(&mut self) {
        self.progress.superseded();
        self.item_pending = false;
    }

    pub(super) fn log_error(&self, source: LogError) -> RunError {
        RunErrorKind::Log { node: self.node().name(), source }.into()
    }
}

/// Publishing events.
impl<G: Graph> Session<G> {
    /// Returns whether the consumer, a log or an observer receives events other than items.
    #[inline]
    pub(super) fn has_subscribers(&self) -> bool {
        self.context.control.has_subscribers()
    }

    /// Publishes that the items of the last step are superseded, if it was not committed.
    pub(super) async fn supersede(&mut self) {
        let (step, node, items) = (self.progress.step, self.step_node, self.progress.shown);
        if items > 0 {
            self.journal.enqueue(|| EntryKind::ItemsSuperseded {
                step,
                node: node.name().into(),
                items,
            });
            // an item that waits for the log does not count: the consumer has not received it
            self.unreported = self.delivered();
            self.mark_superseded();
        }
        if self.unreported > 0 {
            self.publish(node, EventKind::ItemsSuperseded { items: self.unreported }).await;
        }
    }

    /// Publishes the last commit, which has already incremented the step number.
    pub(super) async fn publish_commit(&mut self, node: G::Node) {
        let kind = EventKind::StepCommitted { next: self.next() };
        let event = self.event(node, kind);
        let (step, extent) = (event.step - 1, self.last_extent.clone());
        self.publish_event(Event { step, extent, ..event }).await;
    }

    pub(super) async fn publish(&mut self, node: G::Node, kind: EventKind<G>) {
        self.publish_event(self.event(node, kind)).await;
    }

    /// Notifies the observers, and the consumer if it subscribes to such events. Waits until the consumer has taken
    /// the event.
    async fn publish_event(&mut self, mut event: Event<G>) {
        let wanted = match self.context.control.subscription() {
            Subscription::Items => false,
            // the start as well, because a later call of `started` returns its cursor
            Subscription::Commits => {
                matches!(event.kind, EventKind::RunStarted | EventKind::StepCommitted { .. })
            }
            Subscription::Start => matches!(event.kind, EventKind::RunStarted),
            Subscription::Events => true,
        };
        if wanted {
            self.journal.flush_before_event().await;
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
        let sender = exclusive(&mut self.sender);
        let mut event = Some(Published::Event(Box::new(event)));
        poll_fn(|cx| match event.take() {
            Some(full) if sender.is_free() => {
                event = sender.put(full).err();
                sender.suspend(cx);
                Poll::Pending
            }
            Some(full) => {
                event = Some(full);
                sender.suspend(cx);
                Poll::Pending
            }
            None => sender.poll_free(cx),
        })
        .await;
    }

    /// Notifies the observers.
    fn notify(&mut self, event: &Event<G>) {
        let Self { state, progress, ended_run, observers, .. } = self;
        let run = progress.unfinished.as_ref().or(ended_run.as_ref());
        let inputs = run.and_then(|run| run.inputs.typed.as_ref());
        observers.notify(event, &Observed::new(event, state, inputs));
    }

    /// Creates an event of the run between attempts. Its run and step are those of the progress, not those of the
    /// context.
    fn event(&self, node: G::Node, kind: EventKind<G>) -> Event<G> {
        let (run, step) = (self.progress.run, self.progress.step);
        Event { run, step, ..Event::new(&self.context, node, self.journal.cursor(), kind) }
    }

    /// Cancels the run, whose future was dropped before the run ended. If the last step is committed and only the
    /// outcome was not taken, the run counts as finished.
    pub(super) fn cancel(&mut self) {
        let node = self.node();
        self.context.control.set_node(node.index());
        // the thread of a blocking action cannot be dropped, but notices a stop
        self.context.control.stop(self.context.generation);
        self.keep_calls();
        if self.unreported > 0 {
            let items = mem::take(&mut self.unreported);
            let event = self.event(self.step_node, EventKind::ItemsSuperseded { items });
            self.notify(&event);
        }
        if let Position::Unfinished(node) = self.progress.position {
            self.journal.cancel(node);
        }
        let event = || match self.outcome_at_position() {
            Outcome::Stopped(node) => self.event(node, EventKind::RunCancelled),
            outcome => {
                let node = self.last_committed.unwrap_or(node);
                self.event(node, EventKind::RunFinished { outcome })
            }
        };
        let (observed, shown) = (event(), event());
        self.notify(&observed);
        let sender = exclusive(&mut self.sender);
        sender.reset();
        if self.context.control.subscription() == Subscription::Events {
            // only read if the run was cancelled after the grace period, and not dropped by its consumer
            drop(sender.put(Published::Event(Box::new(shown))));
        }
    }

    /// Removes what is kept for a run that has ended: its inputs, and its waker, which would keep the task of the
    /// run alive.
    pub(super) fn clear_run(&mut self) {
        discard("inputs", self.ended_run.take());
        exclusive(&mut self.sender).remove_waker();
        self.context.control.remove_abandoned();
        self.context.control.remove_run();
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

/// Returns an error if the run can reach, before its next pause, a node whose input is missing.
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
