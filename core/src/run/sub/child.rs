//! One child, from the claim of its key to the record of its end.

use super::{SubEnd, SubError, replay::replay, start::ChildStart};
use crate::{
    action::{Context, OpenCall},
    event::{Observer, Spans},
    graph::Graph,
    log::{CallRecord, ChildOf, ChildRecord, Claim, Existence, LogError, SessionId},
    outcome::{Outcome, RunError, RunErrorKind},
    progress::Position,
    run::{
        App, BuildError, ReadError,
        builder::{ChildParts, Parts},
        journal::encode_item,
        polling::NodeItem,
    },
    state::fields_to_json,
    stream::{NewCall, NewChild, Stopper},
    sync::{Mutex, lock},
};
use std::{
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context as Task, Poll},
};

/// How the children of an argument are run.
pub(super) struct Plan<'a, G: Graph> {
    pub(super) context: &'a Context,
    pub(super) resources: Arc<G::Resources>,
    /// The name of the argument.
    pub(super) name: &'static str,
    /// The greatest number of nested children of the graph.
    pub(super) depth: usize,
}

impl<G: Graph> Clone for Plan<'_, G> {
    fn clone(&self) -> Self {
        let Self { context, name, depth, .. } = *self;
        Self { context, resources: Arc::clone(&self.resources), name, depth }
    }
}

/// The items of a child on their way to the action: at most one, which the child waits for to be taken.
pub(super) struct Items<G: Graph>(Arc<ItemSlot<G>>);

struct ItemSlot<G: Graph> {
    item: Mutex<Option<NodeItem<G>>>,
    /// Whether nothing takes the items.
    discarded: AtomicBool,
}

impl<G: Graph> Clone for Items<G> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<G: Graph> Items<G> {
    fn new() -> Self {
        let (item, discarded) = (Mutex::new(None), AtomicBool::new(false));
        Self(Arc::new(ItemSlot { item, discarded }))
    }

    fn are_discarded(&self) -> bool {
        self.0.discarded.load(Ordering::Relaxed)
    }

    /// Waits until the item is taken. The task is polled again after that.
    pub(super) async fn emit(&self, node: G::Node, item: G::Item) {
        if self.are_discarded() {
            return;
        }
        *lock(&self.0.item) = Some((node, item));
        poll_fn(|_| if lock(&self.0.item).is_some() { Poll::Pending } else { Poll::Ready(()) })
            .await;
    }

    fn take(&self) -> Option<NodeItem<G>> {
        lock(&self.0.item).take()
    }
}

/// The result of a child's run.
pub(super) enum Finished<G: Graph> {
    Ended(SubEnd<G>),
    /// The parent is stopped, and the child has stopped before its end.
    Stopped,
}

/// An item or the result of a child.
pub(super) enum ChildEvent<G: Graph> {
    Item(NodeItem<G>),
    Finished(Result<Finished<G>, SubError>),
}

type Driving<'a, G> = Pin<Box<dyn Future<Output = Result<Finished<G>, SubError>> + Send + 'a>>;

/// A child that runs when it is polled.
pub(super) struct Child<'a, G: Graph> {
    /// The one box of a child. Without it, rustc could not prove that a recursive action is `Send`.
    driving: Driving<'a, G>,
    items: Items<G>,
    result: Option<Result<Finished<G>, SubError>>,
}

impl<'a, G: Graph> Child<'a, G> {
    pub(super) fn new(plan: Plan<'a, G>, start: ChildStart<G>) -> Self
    where
        G::Item: super::ChildItem,
    {
        let items = Items::new();
        let driving = Box::pin(drive(plan, start, items.clone()));
        Self { driving, items, result: None }
    }

    /// Makes the child discard its items.
    pub(super) fn discard_items(&self) {
        self.items.0.discarded.store(true, Ordering::Relaxed);
        let _discarded = self.items.take();
    }

    /// Completes with the next item or the result. After an item, the child has to be polled again. Must not be called after
    /// the result.
    pub(super) fn poll_event(&mut self, cx: &mut Task<'_>) -> Poll<ChildEvent<G>> {
        if self.result.is_none()
            && let Poll::Ready(result) = self.driving.as_mut().poll(cx)
        {
            self.result = Some(result);
        }
        if let Some(item) = self.items.take() {
            return Poll::Ready(ChildEvent::Item(item));
        }
        match self.result.take() {
            Some(result) => Poll::Ready(ChildEvent::Finished(result)),
            None => Poll::Pending,
        }
    }
}

impl<G: Graph> fmt::Debug for Child<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").finish_non_exhaustive()
    }
}

/// Runs a child: a new one, or one that an earlier attempt has started.
async fn drive<G: Graph<Item: super::ChildItem>>(
    plan: Plan<'_, G>,
    start: ChildStart<G>,
    items: Items<G>,
) -> Result<Finished<G>, SubError> {
    let (context, home) = (plan.context, &plan.context.home);
    let key = &*start.key;
    let graph = G::TOPOLOGY.name;
    if home.depth_of::<G>() >= plan.depth {
        return Err(SubError::TooDeep { key: key.to_owned(), graph, depth: plan.depth });
    }
    let (call, recorded) = context.open_call(format!("{}/{key}", plan.name)).await?;
    let (child, existence) = claim(&plan, &start, &call, recorded).await?;
    let (log, _) = home.children_log(&context.runtime);
    if existence == Existence::Any && !items.are_discarded() {
        replay::<G>(&log, &child.session, key, &items).await?;
    }
    if let Some(end) = &child.end {
        let end = SubEnd::from_record(&child, end);
        let end = end.map_err(|error| SubError::restore(key, error))?;
        call.returned();
        return Ok(Finished::Ended(end));
    }
    let session = child.session.clone();
    let failed = |error: RunError| {
        if let RunErrorKind::Log { source, .. } = error.kind() {
            reject(context, source);
        }
        SubError::Failed { key: key.to_owned(), session: session.clone(), error }
    };
    let ChildStart { state, inputs, .. } = start;
    let mut app = open(&plan, &child, call.key(), state, existence).await?;
    let outcome = match run(context, &mut app, inputs, &items).await.map_err(failed)? {
        None | Some(Outcome::Stopped(_)) => return Ok(Finished::Stopped),
        Some(outcome) => outcome,
    };
    app.flush().await.map_err(failed)?;
    let end = SubEnd { outcome, state: app.session.state, session: child.session.clone() };
    let record = end.to_record().map_err(|error| call.not_recorded(error.to_string()))?;
    call.record(NewCall::ChildEnded(record), Some(&CallRecord::Child(child))).await?;
    call.returned();
    Ok(Finished::Ended(end))
}

/// Returns the child that an earlier attempt has started with the same inputs, or starts a new one. Also returns whether its
/// session exists.
async fn claim<G: Graph>(
    plan: &Plan<'_, G>,
    start: &ChildStart<G>,
    call: &OpenCall<'_>,
    recorded: Option<CallRecord>,
) -> Result<(Box<ChildRecord>, Existence), SubError> {
    let inputs = hash(start).map_err(|error| call.not_recorded(format!("its inputs: {error}")))?;
    match recorded {
        Some(CallRecord::Child(child))
            if child.inputs == inputs && G::TOPOLOGY.names().any(|name| name == child.graph) =>
        {
            return Ok((child, Existence::Any));
        }
        None | Some(CallRecord::Child(_)) => {}
        Some(other) => return Err(call.other_kind(&other, "child").into()),
    }
    let context = plan.context;
    let prefix = context.home.prefix(context.session()).await;
    let prefix = prefix.map_err(|error| {
        reject(context, &error);
        SubError::log(&start.key, error)
    })?;
    let graph = G::TOPOLOGY.name;
    if prefix.len() > SessionId::MAX_BYTES - MAX_CURSOR {
        let (key, depth) = (start.key.to_string(), plan.depth);
        return Err(SubError::TooDeep { key, graph, depth });
    }
    let new = NewCall::ChildStarted(NewChild { graph, prefix, inputs });
    match call.record(new, None).await? {
        CallRecord::Child(child) => Ok((child, Existence::New)),
        other => Err(call.other_kind(&other, "child").into()),
    }
}

/// The greatest length of a cursor in the id of a child, with its separator.
const MAX_CURSOR: usize = 42;

/// Returns the hash of the inputs, and of the state if it was given.
fn hash<G: Graph>(start: &ChildStart<G>) -> Result<String, serde_json::Error> {
    let mut json = vec![fields_to_json(&start.inputs)?];
    if start.given {
        json.push(fields_to_json(&start.state)?);
    }
    // the feature `preserve_order` of `serde_json` keeps another order
    json.iter_mut().for_each(serde_json::Value::sort_all_objects);
    let text = serde_json::to_string(&json)?;
    Ok(format!("{:016x}", crate::graph::name_hash(&text)))
}

/// Opens the session of a child.
async fn open<G: Graph<Item: super::ChildItem>>(
    plan: &Plan<'_, G>,
    child: &ChildRecord,
    key: &str,
    state: G::State,
    existence: Existence,
) -> Result<App<G>, SubError> {
    let context = plan.context;
    let (log, durability) = context.home.children_log(&context.runtime);
    let child_parts = ChildParts {
        session: child.session.clone(),
        of: ChildOf {
            session: context
                .home
                .parent(context.session())
                .map_err(|error| SubError::log(key, error))?,
            step: context.step(),
            node: context.node().to_owned(),
            key: key.to_owned(),
        },
        home: context.home.child::<G>(context.session(), Arc::clone(&log), durability),
        threads: crate::sync::Arc::clone(&context.threads),
    };
    let parts = Parts {
        id: None,
        state,
        position: Position::Rest(G::START),
        resources: Arc::clone(&plan.resources),
        runtime: Some(Arc::clone(&context.runtime)),
        observers: observers(context),
        grace_period: context.control.grace_period(),
        log: Some((log, encode_item::<G>)),
        claim: Claim { existence, idle_for: None },
        durability,
        child: Some(child_parts),
    };
    parts.open().await.map_err(|error| {
        if let BuildError::Open(ReadError::Log(source)) = &error {
            reject(context, source);
        }
        SubError::Open { key: key.to_owned(), error }
    })
}

/// Fails the attempt of the parent if the log has failed: its run ends with that error, as after an error of its own entries.
/// An entry that the log cannot contain is an error of the child.
fn reject(context: &Context, error: &LogError) {
    match error {
        LogError::NotSerializable { .. } | LogError::TooLarge { .. } => {}
        error => context.control.reject_item(error.clone()),
    }
}

/// Returns the observers of a child.
fn observers<G: Graph>(context: &Context) -> Vec<Box<dyn Observer<G>>> {
    if context.home.spans { vec![Box::new(Spans::default())] } else { Vec::new() }
}

/// Runs or continues the child. Returns the outcome of its run; `None` if it was cancelled after a stop of the parent.
async fn run<G: Graph>(
    context: &Context,
    app: &mut App<G>,
    inputs: G::Inputs,
    items: &Items<G>,
) -> Result<Option<Outcome<G::Node>>, RunError> {
    let mut run = match app.position() {
        Position::Rest(_) if app.session.progress.run == 0 => app.run(inputs),
        Position::Rest(node) => return Ok(Some(Outcome::Paused(node))),
        Position::Ended => return Ok(Some(Outcome::Ended)),
        Position::Unfinished(_) if app.session.inputs().is_some() => app.resume(),
        // the recorded inputs no longer fit the type
        Position::Unfinished(_) => app.restart(inputs),
    };
    let mut forward = pin!(forward_stop(context, run.stopper()));
    let mut forwarded = false;
    loop {
        let next = poll_fn(|cx| {
            if !forwarded {
                forwarded = forward.as_mut().poll(cx).is_ready();
            }
            run.poll_node_item(cx)
        });
        match next.await {
            None => break,
            Some(Ok((node, item))) => items.emit(node, item).await,
            Some(Err(error)) => match error.kind() {
                RunErrorKind::Cancelled { .. } if forwarded => return Ok(None),
                _ => return Err(error),
            },
        }
    }
    Ok(Some(run.finish().await?.outcome()))
}

/// Stops a child when its parent is stopped.
async fn forward_stop(context: &Context, stopper: Stopper) {
    context.stopped().await;
    stopper.stop();
}
