//! One attempt at a step, from the action to the commit.

use super::{
    attempt::{Attempt, message},
    session::{Session, exclusive},
};
use crate::{
    Context,
    action::{Action, Call, Collect, FailureCause, Missing, UnsetSlot, Writes},
    event::{Event, EventKind, Observers},
    graph::{Graph, Next},
    stream::{Convert, Emit, Flow, Outlet, Yielder, Yielding},
};
use std::{
    fmt,
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::{Context as Task, Poll},
};

/// What an attempt comes to: where the run goes on, or why it failed.
pub type StepResult<G> = Result<Next<<G as Graph>::Node>, FailureCause>;

/// One attempt at a step.
pub struct StepRun<'s, G: Graph> {
    pub(super) session: &'s mut Session<G>,
}

impl<'s, G: Graph> StepRun<'s, G> {
    #[inline]
    pub(super) fn new(session: &'s mut Session<G>) -> Self {
        Self { session }
    }

    /// The node whose action is to run.
    #[inline]
    pub fn node(&self) -> G::Node {
        self.session.at
    }

    /// The action does not fit the graph; such a graph does not compile.
    pub(crate) fn misfit(&self) -> FailureCause {
        FailureCause::Panic(format!("the action of node `{}` does not fit the graph", self.node()))
    }
}

impl<G: Graph> fmt::Debug for StepRun<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepRun").field("node", &self.node()).finish_non_exhaustive()
    }
}

/// Runs the action, makes its writes a candidate, evaluates the transition on it and commits.
pub async fn perform<A, G>(step: StepRun<'_, G>, bind: Option<fn(&mut A::Params)>) -> StepResult<G>
where
    G: Graph,
    A: Action<State = G::State>,
    for<'a> A::Args<'a>: Collect<'a, G>,
    A::Yields: Convert<G::Item>,
{
    let StepRun { session } = step;
    let writes = {
        let watch = session.watch();
        let Session {
            state,
            inputs: Some(inputs),
            resources,
            failure,
            shown,
            context,
            observers,
            outlet,
            at,
            ..
        } = &mut *session
        else {
            return Err(FailureCause::MissingInput("inputs"));
        };
        let args = Collect::<G>::collect(inputs, resources)
            .map_err(|Missing(name)| FailureCause::MissingInput(name))?;
        let reads = A::reads(state).map_err(|UnsetSlot(name)| FailureCause::UnsetSlot(name))?;
        let mut params = A::Params::default();
        if let Some(bind) = bind {
            caught(|| bind(&mut params))?;
        }
        let mut port = Port::<G, A::Yields> {
            outlet: exclusive(outlet),
            observers,
            shown,
            context,
            node: *at,
            yields: PhantomData,
        };
        let action = pin!(A::run(Call {
            reads,
            args,
            params,
            context,
            failure: failure.as_ref(),
            yielder: if <A::Yields as Yielding>::STREAMS {
                Yielder::new(&mut port)
            } else {
                Yielder::unused()
            },
        }));
        Attempt { action, watch }.await?
    };
    let node = session.at;
    let undo = writes.apply(&mut session.state);
    match evaluate(|| G::transition(node, &session.state)) {
        Ok(next) => {
            session.commit(node, next);
            Ok(next)
        }
        Err(cause) => {
            A::Writes::undo(undo, &mut session.state);
            Err(cause)
        }
    }
}

/// Evaluates conditions, whose panics become failures.
pub(super) fn evaluate<T>(
    transition: impl FnOnce() -> Result<T, UnsetSlot>,
) -> Result<T, FailureCause> {
    caught(transition)?.map_err(|UnsetSlot(name)| FailureCause::UnsetSlot(name))
}

/// Runs the user's code, whose panics become failures.
#[inline]
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, FailureCause> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| FailureCause::Panic(message(&*panic)))
}

/// The one place where items are published: observers first, then the slot.
struct Port<'p, G: Graph, Y> {
    outlet: &'p mut Outlet<Event<G>>,
    observers: &'p mut Observers<G>,
    shown: &'p mut u64,
    context: &'p Context,
    node: G::Node,
    yields: PhantomData<fn() -> Y>,
}

impl<G: Graph, Y: Convert<G::Item>> Emit<<Y as Yielding>::Item> for Port<'_, G, Y> {
    #[inline]
    fn poll_emit(&mut self, item: &mut Option<Y::Item>, cx: &mut Task<'_>) -> Poll<Flow> {
        if item.is_none() {
            return self.outlet.poll_free(cx).map(|()| self.flow());
        }
        if self.outlet.is_free()
            && let Some(item) = item.take()
        {
            let event = Event {
                node: self.node,
                step: self.context.step,
                attempt: self.context.attempt,
                kind: EventKind::Item(Y::convert(item)),
            };
            if !self.observers.is_empty() {
                self.observers.notify(&event);
            }
            *self.shown += 1;
            // the slot is free, and nobody else puts anything in
            drop(self.outlet.put(event));
        }
        self.outlet.suspend(cx);
        Poll::Pending
    }
}

impl<G: Graph, Y> Port<'_, G, Y> {
    #[inline]
    fn flow(&self) -> Flow {
        if self.context.is_stopped() { Flow::Stop } else { Flow::Continue }
    }
}
