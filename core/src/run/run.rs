//! A run, from the side of its consumer.

use super::{
    App, End, Events, Outcome, RunError, RunErrorKind,
    drive::{Driven, Halts},
    session::{Session, Start},
    stop::Stop,
};
use crate::{
    action::WriteExtent,
    event::{Event, EventKind, Published},
    graph::{Graph, Next, Node as _},
    log::Cursor,
    panics::discard,
    stream::{SlotReceiver, Stopper, Subscription},
};
use std::{fmt, future::poll_fn, mem, pin::Pin, sync::Arc, time::Duration};

/// One run of an app: a stream of items, and then an [`End`].
///
/// It is lazy: nothing happens until it is polled. Take items with [`next`](Run::next) and the end
/// with [`finish`](Run::finish), or await it for the end alone. If the run fails, the error is the last item,
/// and `finish` returns the same error.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// let mut app = Cafe::app().build().await?;
/// let mut run = app.run(CafeInputs { cups: 2 });
/// while let Some(item) = run.next().await {
///     println!("{}", item?); // cup 1, cup 2, paid 4
/// }
/// let end = run.finish().await?;
/// assert_eq!(end.state().paid, 4);
/// # Ok(()) }
/// ```
///
/// As a `Stream`, it has the combinators of the crate `futures`:
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// use futures::{StreamExt, TryStreamExt};
///
/// let mut app = Cafe::app().build().await?;
/// let mut run = app.run(CafeInputs { cups: 2 });
/// let items: Vec<String> = run.by_ref().try_collect().await?;
/// assert_eq!(items, ["cup 1", "cup 2", "paid 4"]);
/// assert_eq!(run.finish().await?.last(), Some(CafeNode::pay));
/// # Ok(()) }
/// ```
///
/// # Fairness
/// A run that never waits still yields to its executor, about four times per millisecond and more often at
/// first, so that other tasks make progress, a timeout around it fires and a stop is noticed. It yields between
/// steps and between items; the code of an action in between occupies the thread, as in every future.
///
/// # Cancel safety
/// Dropping a run cancels it: the future of the action is dropped, the state is that of the last commit, and
/// [`App::resume`] continues the run. Dropping the future of [`next`](Run::next) or [`finish`](Run::finish)
/// loses nothing.
#[must_use = "a run does nothing unless it is polled"]
pub struct Run<'a, G: Graph> {
    pub(super) stage: Stage<'a, G>,
    pub(super) receiver: &'a mut SlotReceiver<Published<G>>,
    pub(super) only: Option<G::Node>,
    pub(super) stop: Stop,
    /// The cursor of the start, for [`Run::started`].
    pub(super) started: Option<Cursor>,
}

/// The stage of a run. Its discriminant is explicit because it is compared for every item, and a niche takes longer
/// to read.
#[repr(u8)]
pub(super) enum Stage<'a, G: Graph> {
    Ready(&'a mut Session<G>, Start<G::Inputs>, Halts<G::Node>),
    Running(Pin<Box<dyn Future<Output = Driven<'a, G>> + Send + 'a>>),
    Ended(&'a mut Session<G>, Outcome<G::Node>),
    Failed(RunError, Shown),
    /// A placeholder while the stage changes.
    Changing,
}

/// Whether the consumer has received the error as the last item.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    No,
    Yes,
}

/// A step that was committed, returned by [`Run::step`].
#[non_exhaustive]
pub struct Committed<G: Graph> {
    /// The node.
    pub node: G::Node,
    /// The number of the step in the session, from 0.
    pub step: u64,
    /// The transition that follows.
    pub next: Next<G::Node>,
    /// The state after the step.
    pub state: G::State,
    extent: WriteExtent,
}

impl<G: Graph> Committed<G> {
    /// Copies the writes of the step from the state.
    pub fn writes(&self) -> G::Writes {
        G::writes(self.node, &self.state, &self.extent)
    }
}

impl<G: Graph> fmt::Debug for Committed<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Committed")
            .field("node", &self.node)
            .field("step", &self.step)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl<'a, G: Graph> Run<'a, G> {
    pub(super) fn new(app: &'a mut App<G>, start: Start<G::Inputs>) -> Self {
        let App { session, receiver, grace_period } = app;
        let receiver = crate::sync::exclusive(receiver);
        while let Some(published) = receiver.take() {
            discard("an item", published);
        }
        let context = &mut session.context;
        context.generation += 1;
        context.control.subscribe(Subscription::Items);
        context.control.slice.start();
        context.control.set_grace_period(*grace_period);
        let stopper =
            Stopper { control: Arc::clone(&context.control), generation: context.generation };
        let stop = Stop::new(stopper, Arc::clone(&context.runtime), *grace_period);
        let halts = Halts { before: Vec::new(), after: Vec::new() };
        let stage = Stage::Ready(session, start, halts);
        Self { stage, receiver, only: None, stop, started: None }
    }

    /// Halts the run before this node, except if it is the first node of the run.
    ///
    /// Has no effect after the first poll.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// use burdock::Outcome;
    ///
    /// let mut app = Cafe::app().build().await?;
    /// let end = app.run(CafeInputs { cups: 2 }).halt_before(CafeNode::pay).await?;
    /// assert_eq!(end.outcome(), Outcome::Halted(CafeNode::pay));
    ///
    /// // after a person has approved the payment
    /// let end = app.resume().await?;
    /// assert_eq!(end.state().paid, 4);
    /// # Ok(()) }
    /// ```
    pub fn halt_before(mut self, node: G::Node) -> Self {
        if let Stage::Ready(_, _, halts) = &mut self.stage {
            halts.before.push(node);
        }
        self
    }

    /// Halts the run after this node is committed.
    ///
    /// Has no effect after the first poll.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// use burdock::Position;
    ///
    /// let mut app = Cafe::app().build().await?;
    /// let end = app.run(CafeInputs { cups: 2 }).halt_after(CafeNode::brew).await?;
    /// assert_eq!(end.last(), Some(CafeNode::brew));
    /// assert_eq!(app.position(), Position::Unfinished(CafeNode::pay));
    /// # Ok(()) }
    /// ```
    pub fn halt_after(mut self, node: G::Node) -> Self {
        if let Stage::Ready(_, _, halts) = &mut self.stage {
            halts.after.push(node);
        }
        self
    }

    /// Sets how long an action may keep running after a stop, instead of the app's
    /// [grace period](super::AppBuilder::grace_period).
    pub fn grace_period(mut self, grace_period: Duration) -> Self {
        self.stop.grace_period = grace_period;
        self.stop.stopper.control.set_grace_period(grace_period);
        self
    }

    /// Keeps only the items of one node.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// use futures::TryStreamExt;
    ///
    /// let mut app = Cafe::app().build().await?;
    /// let run = app.run(CafeInputs { cups: 2 }).only(CafeNode::brew);
    /// let cups: Vec<String> = run.try_collect().await?;
    /// assert_eq!(cups, ["cup 1", "cup 2"]); // without the item of `pay`
    /// # Ok(()) }
    /// ```
    pub fn only(mut self, node: G::Node) -> Self {
        self.only = Some(node);
        self
    }

    /// Converts the run into a stream of [`Event`]s.
    ///
    /// If it is called after the first poll, earlier events are missing.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// let mut app = Cafe::app().build().await?;
    /// let mut events = app.run(CafeInputs { cups: 1 }).events();
    /// let mut kinds = Vec::new();
    /// while let Some(event) = events.next().await {
    ///     kinds.push(event?.kind.name());
    /// }
    /// assert_eq!(kinds[..4], ["run_started", "step_started", "item", "step_committed"]); // of `brew`
    /// assert_eq!(kinds[4..], ["step_started", "item", "step_committed", "run_finished"]); // of `pay`
    /// # Ok(()) }
    /// ```
    pub fn events(self) -> Events<'a, G> {
        self.stop.stopper.control.subscribe(Subscription::Events);
        Events::new(self)
    }

    /// Returns a handle that stops this run from any task or thread.
    pub fn stopper(&self) -> Stopper {
        self.stop.stopper.clone()
    }

    /// Returns the next item; `None` when the run is over.
    ///
    /// # Errors
    /// Returns the error that ended the run, as the last item.
    ///
    /// # Cancel safety
    /// This method is cancel safe.
    pub async fn next(&mut self) -> Option<Result<G::Item, RunError>> {
        poll_fn(|cx| self.poll_item(cx)).await
    }

    /// Starts the run and waits until the log has its first entry; returns the cursor of that entry,
    /// or `None` without a log. The first step has not run yet.
    ///
    /// A server can accept a request at this point: if `started` returns an error, no action has run. Call it
    /// before the first poll. Later calls return the same cursor.
    ///
    /// Under [`Durability::Batch`](crate::log::Durability::Batch), the entry may not be durable yet, like every
    /// other entry.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// use burdock::log::{MemoryLog, Offset};
    ///
    /// let mut app = Cafe::app().log(MemoryLog::new()).build().await?;
    /// let mut run = app.run(CafeInputs { cups: 2 });
    /// let cursor = run.started().await?.unwrap(); // recorded: accept the request
    /// assert_eq!(cursor.offset, Offset(1)); // entry 0 is the creation of the session
    /// assert_eq!(run.next().await.unwrap()?, "cup 1");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns the error that ended the run before it started. After a [`RunErrorKind::Log`], the log may still
    /// have the entry, if only its response was lost: the next run of the app reads the log to find out.
    ///
    /// # Cancel safety
    /// This method is cancel safe.
    pub async fn started(&mut self) -> Result<Option<Cursor>, RunError> {
        let control = Arc::clone(&self.stop.stopper.control);
        if let Stage::Ready(..) = self.stage {
            control.subscribe(Subscription::Start);
        }
        // an earlier call may have been dropped while it waited
        if control.subscription() == Subscription::Start {
            poll_fn(|cx| self.poll_event(cx)).await.transpose()?;
        }
        self.start_result()
    }

    /// Returns the result of [`started`](Self::started) for a run that was already polled.
    fn start_result(&self) -> Result<Option<Cursor>, RunError> {
        match &self.stage {
            Stage::Failed(error, _) if self.started.is_none() => Err(error.clone()),
            _ => Ok(self.started),
        }
    }

    /// Runs until the next step is committed; returns `None` when the run is over.
    ///
    /// The run waits there until it is polled again. Items of the step are discarded. The returned state is a copy.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// let mut app = Cafe::app().build().await?;
    /// let mut run = app.run(CafeInputs { cups: 2 });
    ///
    /// let step = run.step().await?.unwrap();
    /// assert_eq!((step.node, step.state.cups), (CafeNode::brew, 2));
    ///
    /// let step = run.step().await?.unwrap();
    /// let CafeWrites::pay(writes) = step.writes() else { unreachable!() };
    /// assert_eq!(writes.paid, 4);
    /// assert!(run.step().await?.is_none());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns the error that ended the run.
    ///
    /// # Cancel safety
    /// This method is cancel safe.
    pub async fn step(&mut self) -> Result<Option<Committed<G>>, RunError> {
        let control = Arc::clone(&self.stop.stopper.control);
        control.subscribe(Subscription::Commits);
        let committed = loop {
            match poll_fn(|cx| self.poll_event(cx)).await {
                None => break Ok(None),
                Some(Err(error)) => break Err(error),
                Some(Ok(Event { node, step, kind, state: Some(state), extent, .. })) => {
                    if let EventKind::StepCommitted { next } = kind {
                        let state = *state;
                        break Ok(Some(Committed { node, step, next, state, extent }));
                    }
                }
                Some(Ok(_)) => {}
            }
        };
        control.subscribe(Subscription::Items);
        committed
    }

    /// Discards the remaining items and returns the end of the run. Can be called repeatedly.
    ///
    /// # Errors
    /// Returns the error that ended the run.
    ///
    /// # Cancel safety
    /// Dropping the future loses only the items that it has already discarded.
    pub async fn finish(&mut self) -> Result<End<'_, G>, RunError> {
        while poll_fn(|cx| self.poll_event(cx)).await.is_some() {}
        self.end()
    }

    /// Returns the end of a run whose stream has ended.
    fn end(&self) -> Result<End<'_, G>, RunError> {
        match &self.stage {
            Stage::Ended(session, outcome) => Ok(End { session, outcome: *outcome }),
            Stage::Failed(error, _) => Err(error.clone()),
            Stage::Ready(..) | Stage::Running(_) | Stage::Changing => Err(self.cancelled_error()),
        }
    }

    pub(super) fn into_end(mut self) -> Result<End<'a, G>, RunError> {
        match mem::replace(&mut self.stage, Stage::Changing) {
            Stage::Ended(session, outcome) => Ok(End { session, outcome }),
            Stage::Failed(error, _) => Err(error),
            Stage::Ready(..) | Stage::Running(_) | Stage::Changing => Err(self.cancelled_error()),
        }
    }

    /// Returns the error of a run that did not finish within its grace period.
    #[cold]
    pub(super) fn cancelled_error(&self) -> RunError {
        let node = G::Node::ALL.get(self.stop.stopper.control.node());
        let node = node.map_or("", |node| node.name());
        RunErrorKind::Cancelled { node, grace_period: self.stop.grace_period }.into()
    }
}

/// Catches panics in destructors of the user's types: those of an action, an item or inputs.
impl<G: Graph> Drop for Run<'_, G> {
    fn drop(&mut self) {
        discard("a run", mem::replace(&mut self.stage, Stage::Changing));
    }
}

/// Nothing in it is pinned: the future is boxed.
impl<G: Graph> Unpin for Run<'_, G> {}

impl<G: Graph> fmt::Debug for Run<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Ready(..) => "ready",
            Stage::Running(_) | Stage::Changing => "running",
            Stage::Ended(..) => "ended",
            Stage::Failed(..) => "failed",
        };
        f.debug_struct("Run")
            .field("stage", &stage)
            .field("stopper", &self.stop.stopper)
            .finish_non_exhaustive()
    }
}
