//! An attempt at a step, from the action to the commit.

use super::{
    journal::{Journal, Step},
    session::Session,
};
use crate::{
    Context,
    action::{Action, Attempt, Collect, Failure, FailureCause, Missing, UnsetSlot, Writes},
    event::{Event, EventKind, Observed, Observers, Published},
    graph::{Graph, Next, NodeRunner, StepResult},
    log::{CallRecord, LogError, Offset, Writer},
    panics::{contained, discard},
    state::FieldSet,
    stream::{
        Committing, Control, Convert, Emit, Flow, PlaceUse, SlotSender, Subscription,
        TransactionEnd, Wait, Yielder, Yielding,
    },
    sync::{Mutex, exclusive, lock},
};
use std::{
    future::poll_fn,
    marker::PhantomData,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context as Task, Poll},
};

/// The runner of one attempt at a step.
pub(super) struct StepRun<'s, G: Graph> {
    session: &'s mut Session<G>,
}

impl<'s, G: Graph> StepRun<'s, G> {
    #[inline]
    pub(super) fn new(session: &'s mut Session<G>) -> Self {
        Self { session }
    }
}

impl<G: Graph> NodeRunner<G> for StepRun<'_, G> {
    #[inline]
    fn node(&self) -> G::Node {
        self.session.step_node
    }

    #[inline]
    fn run<A>(
        self,
        bind: impl FnOnce(&mut A::Params) + Send,
    ) -> impl Future<Output = StepResult> + Send
    where
        A: Action<State = G::State>,
        for<'a> A::Args<'a>: Collect<'a, G>,
        A::Yields: Convert<G::Item>,
    {
        perform::<A, G>(self, bind)
    }
}

/// Runs the action, applies its writes as a candidate, evaluates the transition on it and commits.
///
/// Panics are not caught here, but by the caller that polls the future. They revert the candidate.
///
/// The session is captured once, and the attempt is created where it is used: every value that is alive at an
/// `.await`, or moved before it, is copied through memory in every step.
fn perform<A, G>(
    step: StepRun<'_, G>,
    bind: impl FnOnce(&mut A::Params) + Send,
) -> impl Future<Output = StepResult> + Send
where
    G: Graph,
    A: Action<State = G::State>,
    for<'a> A::Args<'a>: Collect<'a, G>,
    A::Yields: Convert<G::Item>,
{
    let session = step.session;
    async move {
        if session.journal.has_log() {
            return perform_logged::<A, G>(session, bind).await;
        }
        let writes = {
            let (parts, _, sink) = borrow_parts(session);
            let mut sink = A::Yields::STREAMS.then(|| sink.of(&parts, None));
            let attempt = parts.attempt::<A>(bind, sink.as_mut())?;
            A::run(attempt).await.map_err(FailureCause::Error)?
        };
        Candidate::new(session, writes).commit()
    }
}

/// [`perform`] in a session with a log, which records the items and the calls of the action before its commit.
async fn perform_logged<A, G>(
    session: &mut Session<G>,
    bind: impl FnOnce(&mut A::Params) + Send,
) -> StepResult
where
    G: Graph,
    A: Action<State = G::State>,
    for<'a> A::Args<'a>: Collect<'a, G>,
    A::Yields: Convert<G::Item>,
{
    session.pass_calls();
    let writes = {
        let (parts, journal, sink) = borrow_parts(session);
        let (journal, context) = (Mutex::new(journal), parts.context);
        let mut sink = A::Yields::STREAMS.then(|| sink.of(&parts, Some(&journal)));
        let attempt = parts.attempt::<A>(bind, sink.as_mut())?;
        let writes = {
            let mut action = pin!(A::run(attempt));
            poll_fn(|cx| poll_action(action.as_mut(), &journal, context, cx)).await
        };
        let writes = writes.map_err(FailureCause::Error)?;
        if context.control.place_use() == PlaceUse::Transaction {
            // its future was dropped, or another task has it
            context.control.set_committing(Committing::Yes);
            poll_fn(|cx| poll_transaction(&mut lock(&journal), &context.control, cx)).await;
        }
        if let Some(sink) = sink.as_mut()
            && sink.pending_item.is_some()
        {
            sink.context.control.set_committing(Committing::Yes);
            poll_fn(|cx| sink.poll_pending(cx)).await;
        }
        writes
    };
    Candidate::new(session, writes).record(A::INFO.writes).await
}

/// Borrows the parts of a session that an action reads, and the sink for its items if it streams. `journal` is that of the
/// session.
#[inline]
fn borrow_parts<G: Graph>(
    session: &mut Session<G>,
) -> (Parts<'_, G>, &mut Journal<G>, SinkParts<'_, G>) {
    let Session { progress, context, .. } = session;
    let parts = Parts {
        state: &session.state,
        inputs: progress.unfinished.as_ref().and_then(|run| run.inputs.typed.as_ref()),
        resources: &session.resources,
        context,
        failure: progress.failure.as_ref(),
    };
    let sink = SinkParts {
        sender: exclusive(&mut session.sender),
        observers: &mut session.observers,
        item_pending: &mut session.item_pending,
        shown: &mut progress.shown,
        node: session.step_node,
    };
    (parts, &mut session.journal, sink)
}

/// Polls an action, and has the log record the results of its calls.
fn poll_action<G: Graph, F: Future>(
    mut action: Pin<&mut F>,
    journal: &Mutex<&mut Journal<G>>,
    context: &Context,
    cx: &mut Task<'_>,
) -> Poll<F::Output> {
    let control = &context.control;
    loop {
        let polled = action.as_mut().poll(cx);
        if !control.calls_wait(cx.waker()) {
            return polled;
        }
        let stored = {
            let mut journal = lock(journal);
            settle_transaction(&mut journal, control);
            let add = |key: &str, call, before: Option<&CallRecord>| {
                journal.call(context, key, call, before)
            };
            let end = match control.record_calls(context.serial, add) {
                Ok(end) => end,
                Err(error) => {
                    control.reject_item(error);
                    return polled;
                }
            };
            if polled.is_ready() {
                // calls that were dropped: another attempt need not make them again
                return polled;
            }
            poll_stored(&mut journal, control, end, cx)
        };
        match stored {
            Poll::Pending => {
                if control.waiting_for() != Wait::Abandoned
                    && control.has_call_waiters()
                    && control.place_use() != PlaceUse::Transaction
                {
                    control.set_waiting_for(Wait::Log);
                }
                return Poll::Pending;
            }
            Poll::Ready(Err(error)) => {
                // the attempt fails with this error
                control.reject_item(error);
                return Poll::Pending;
            }
            Poll::Ready(Ok(end)) => control.calls_stored(end),
        }
        if control.slice.is_used_up(&*context.runtime) {
            // a stop and the timeout of the attempt may be due
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
    }
}

/// Waits until the entries before `end` are durable, and returns the offset up to which all entries are. Gives the next place
/// to a call that waits for it.
fn poll_stored<G: Graph>(
    journal: &mut Journal<G>,
    control: &Control,
    end: Offset,
    cx: &mut Task<'_>,
) -> Poll<Result<Offset, LogError>> {
    match control.place_use() {
        PlaceUse::Wanted => Poll::Ready(journal.place(cx).map(|place| {
            control.grant_place(place);
            Offset::ZERO
        })),
        // no other call waits, and the end of the transaction wakes the run
        PlaceUse::Transaction if end == Offset::ZERO => Poll::Pending,
        PlaceUse::Journal | PlaceUse::Transaction => journal.poll_calls(end, cx),
    }
}

/// Adds the end of a transaction to the journal. If nothing can be appended after it, the attempt fails.
pub(super) fn settle_transaction<G: Graph>(journal: &mut Journal<G>, control: &Control) {
    control.settle_transaction(|end| {
        journal.transaction_ended(end);
        if let TransactionEnd::Failed(error) = end {
            control.reject_item(error.clone());
        }
    });
}

/// Completes when no transaction is in progress. Called after the action has returned.
pub(super) fn poll_transaction<G: Graph>(
    journal: &mut Journal<G>,
    control: &Control,
    cx: &mut Task<'_>,
) -> Poll<()> {
    // registers the task
    control.calls_wait(cx.waker());
    control.revoke_place();
    settle_transaction(journal, control);
    match control.place_use() {
        PlaceUse::Transaction => Poll::Pending,
        PlaceUse::Journal | PlaceUse::Wanted => Poll::Ready(()),
    }
}

/// Writes that are in the state but not committed. Dropping the candidate reverts them.
struct Candidate<'s, G: Graph, W: Writes<State = G::State>> {
    session: &'s mut Session<G>,
    undo: Option<W::Undo>,
}

impl<'s, G: Graph, W: Writes<State = G::State>> Candidate<'s, G, W> {
    #[inline]
    fn new(session: &'s mut Session<G>, writes: W) -> Self {
        let undo = Some(writes.apply(&mut session.state));
        Self { session, undo }
    }

    /// Evaluates the transition on the candidate.
    #[inline]
    fn next(&self) -> Result<Next<G::Node>, Box<FailureCause>> {
        map_unset_slot(G::transition(self.session.step_node, &self.session.state))
    }

    /// Commits the writes of a session without a log.
    #[inline]
    fn commit(self) -> StepResult {
        let next = self.next()?;
        self.accept(next);
        Ok(())
    }

    /// Commits the writes after the log has stored the step.
    async fn record(mut self, declared: FieldSet) -> StepResult {
        let next = self.next()?;
        let not_recorded = |error| FailureCause::NotRecorded(error);
        self.enqueue(declared, next).map_err(not_recorded)?;
        self.session.journal.commit().await.map_err(not_recorded)?;
        self.session.progress.forget_calls();
        self.accept(next);
        Ok(())
    }

    /// Adds the step to the journal.
    fn enqueue(&mut self, declared: FieldSet, next: Next<G::Node>) -> Result<(), LogError> {
        let Some(undo) = &self.undo else { return Ok(()) };
        let Session { step_node, context, state, progress, journal, .. } = &mut *self.session;
        if let Some(error) = context.control.take_rejection() {
            return Err(error);
        }
        context.control.set_committing(Committing::Yes);
        let (node, attempt) = (*step_node, context.attempt);
        let step = Step::<G, W> { node, attempt, state, undo, declared, next, progress };
        journal.step(&step)
    }

    /// Keeps the writes. The old values are dropped after the commit, so that a panic of their destructors cannot
    /// revert a step that the log has.
    #[inline]
    fn accept(mut self, next: Next<G::Node>) {
        let undo = self.undo.take();
        let extent = undo.as_ref().map(W::extent).unwrap_or_default();
        self.session.commit(self.session.step_node, next, extent);
        discard("old values", undo);
    }
}

impl<G: Graph, W: Writes<State = G::State>> Drop for Candidate<'_, G, W> {
    fn drop(&mut self) {
        if let Some(undo) = self.undo.take() {
            contained("writes", || W::undo(undo, &mut self.session.state));
        }
    }
}

/// The parts of a session that an attempt reads.
struct Parts<'s, G: Graph> {
    state: &'s G::State,
    inputs: Option<&'s G::Inputs>,
    resources: &'s Arc<G::Resources>,
    context: &'s Context,
    failure: Option<&'s Failure>,
}

impl<'s, G: Graph> Parts<'s, G> {
    /// Collects the arguments of the attempt.
    #[inline]
    fn attempt<A>(
        self,
        bind: impl FnOnce(&mut A::Params),
        sink: Option<&'s mut ItemSink<'_, '_, G, A::Yields>>,
    ) -> Result<Attempt<'s, A>, Box<FailureCause>>
    where
        A: Action<State = G::State>,
        A::Args<'s>: Collect<'s, G>,
        A::Yields: Convert<G::Item>,
    {
        let inputs = self.inputs.ok_or(FailureCause::MissingInput("inputs"))?;
        let args = Collect::<G>::collect(inputs, self.resources)
            .map_err(|Missing(name)| FailureCause::MissingInput(name))?;
        let reads =
            A::reads(self.state).map_err(|UnsetSlot(name)| FailureCause::UnsetSlot(name))?;
        let mut params = A::Params::default();
        bind(&mut params);
        let yielder = match sink {
            Some(sink) => Yielder::of_run(sink, self.context),
            None => Yielder::unused(),
        };
        let Parts { context, failure, .. } = self;
        Ok(Attempt { reads, args, params, context, failure, yielder })
    }
}

/// Converts the error of a transition whose condition read a slot without a value.
#[inline]
pub(super) fn map_unset_slot<T>(decision: Result<T, UnsetSlot>) -> Result<T, Box<FailureCause>> {
    decision.map_err(|UnsetSlot(name)| FailureCause::UnsetSlot(name).into())
}

/// The parts of a session that its sink changes.
struct SinkParts<'p, G: Graph> {
    sender: &'p mut SlotSender<Published<G>>,
    observers: &'p mut Observers<G>,
    item_pending: &'p mut bool,
    shown: &'p mut u64,
    node: G::Node,
}

impl<'p, G: Graph> SinkParts<'p, G> {
    /// Returns the sink for the items of an attempt.
    #[inline]
    fn of<'j, Y>(
        self,
        parts: &Parts<'p, G>,
        journal: Option<&'p Mutex<&'j mut Journal<G>>>,
    ) -> ItemSink<'p, 'j, G, Y> {
        let Self { sender, observers, item_pending, shown, node } = self;
        let &Parts { state, inputs, context, .. } = parts;
        let (pending_item, yields) = (None, PhantomData);
        ItemSink {
            state,
            inputs,
            sender,
            observers,
            journal,
            pending_item,
            item_pending,
            shown,
            context,
            node,
            yields,
        }
    }
}

/// The sink for the items of an attempt: publishes them to the observers and then to the slot. Items are published
/// nowhere else.
struct ItemSink<'p, 'j, G: Graph, Y> {
    state: &'p G::State,
    inputs: Option<&'p G::Inputs>,
    sender: &'p mut SlotSender<Published<G>>,
    observers: &'p mut Observers<G>,
    /// The journal, which the calls of the action use as well; `None` without a log.
    journal: Option<&'p Mutex<&'j mut Journal<G>>>,
    /// An item that was recorded and waits until it is durable.
    pending_item: Option<G::Item>,
    /// Whether there is a pending item. Unlike the item, it outlives the attempt.
    item_pending: &'p mut bool,
    shown: &'p mut u64,
    context: &'p Context,
    node: G::Node,
    yields: PhantomData<fn() -> Y>,
}

impl<G: Graph, Y: Convert<G::Item>> Emit<<Y as Yielding>::Item> for ItemSink<'_, '_, G, Y> {
    #[inline]
    fn poll_emit(&mut self, item: &mut Option<Y::Item>, cx: &mut Task<'_>) -> Poll<Flow> {
        if self.context.control.has_subscribers() {
            return self.poll_subscribed(item, cx);
        }
        if item.is_none() {
            return self.poll_free(cx);
        }
        if self.sender.is_free()
            && let Some(item) = item.take()
        {
            // converted first, because the conversion is code of the program and may panic
            let item = Y::convert(item);
            *self.shown += 1;
            self.show(Published::Item(self.node, item));
        }
        self.suspend(cx)
    }
}

impl<G: Graph, Y: Convert<G::Item>> ItemSink<'_, '_, G, Y> {
    /// `poll_emit` if a log, observers or a consumer of events receive the item. It is recorded before it is shown.
    fn poll_subscribed(&mut self, item: &mut Option<Y::Item>, cx: &mut Task<'_>) -> Poll<Flow> {
        if self.context.control.has_rejected_item() {
            return Poll::Pending;
        }
        if self.pending_item.is_none() && item.is_none() {
            return self.poll_free(cx);
        }
        if !self.sender.is_free() {
            return self.suspend(cx);
        }
        match self.poll_record(item, cx) {
            Poll::Pending => {
                if self.context.control.place_use() != PlaceUse::Transaction {
                    self.context.control.set_waiting_for(Wait::Log);
                }
                return Poll::Pending;
            }
            Poll::Ready(Err(error)) => {
                // the attempt fails with this error as soon as the action returns or is pending
                self.context.control.reject_item(error);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(Ok(())) => {}
        }
        if let Some(item) = self.pending_item.take() {
            *self.item_pending = false;
            let published = self.publish(item);
            self.show(published);
        }
        self.suspend(cx)
    }

    /// Shows an item whose `yield_!` was dropped while it waited to be durable. Without a log, such an item would
    /// already be in the slot.
    fn poll_pending(&mut self, cx: &mut Task<'_>) -> Poll<()> {
        self.poll_subscribed(&mut None, cx).map(|_| ())
    }

    /// Records an item, and completes when it may be shown.
    fn poll_record(
        &mut self,
        item: &mut Option<Y::Item>,
        cx: &mut Task<'_>,
    ) -> Poll<Result<(), LogError>> {
        if self.pending_item.is_none()
            && item.is_some()
            && self.journal.is_some()
            && self.context.control.poll_journal(cx.waker()).is_pending()
        {
            return Poll::Pending;
        }
        if self.pending_item.is_none()
            && let Some(item) = item.take()
        {
            let item = Y::convert(item);
            if let Some(journal) = self.journal {
                lock(journal).item(self.context, &item)?;
            }
            *self.shown += 1;
            *self.item_pending = true;
            self.pending_item = Some(item);
        }
        match self.journal {
            Some(journal) => lock(journal).poll_item(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl<G: Graph, Y> ItemSink<'_, '_, G, Y> {
    /// Completes when the consumer has taken the item.
    #[inline]
    fn poll_free(&mut self, cx: &mut Task<'_>) -> Poll<Flow> {
        if self.sender.poll_free(cx).is_ready() {
            return Poll::Ready(self.flow());
        }
        self.context.control.set_waiting_for(Wait::Consumer);
        Poll::Pending
    }

    /// Returns `Pending` and registers the task for a wake when the consumer takes the item.
    #[inline]
    fn suspend(&mut self, cx: &mut Task<'_>) -> Poll<Flow> {
        self.sender.suspend(cx);
        self.context.control.set_waiting_for(Wait::Consumer);
        Poll::Pending
    }

    #[inline]
    fn show(&mut self, published: Published<G>) {
        // cannot fail: the slot is free, and nothing else writes to it
        drop(self.sender.put(published));
    }

    /// Notifies the observers of an item, and converts it into an event for a consumer of events.
    #[cold]
    fn publish(&mut self, item: G::Item) -> Published<G> {
        let cursor =
            self.journal.and_then(|journal| lock(journal).writer().and_then(Writer::cursor));
        let event = Event::new(self.context, self.node, cursor, EventKind::Item(item));
        self.observers.notify(&event, &Observed::new(&event, self.state, self.inputs));
        match event.kind {
            EventKind::Item(item)
                if self.context.control.subscription() != Subscription::Events =>
            {
                Published::Item(self.node, item)
            }
            kind => Published::Event(Box::new(Event { kind, ..event })),
        }
    }

    #[inline]
    fn flow(&self) -> Flow {
        Flow::of(self.context)
    }
}
