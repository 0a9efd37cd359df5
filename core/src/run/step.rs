//! One attempt at a step, from the action to the commit.

use super::{
    attempt::{Attempt, message},
    session::{Session, exclusive},
};
use crate::{
    action::{Action, Call, Collect, FailureCause, Missing, UnsetSlot, Writes},
    event::{Event, EventKind, Observers},
    graph::{Graph, Next},
    stream::{Control, Convert, Emit, Flow, Outlet, Yielder, Yielding},
};
use std::{
    fmt,
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

/// What an attempt comes to: where the run goes on, or why it failed.
pub type StepResult<G> = Result<Next<<G as Graph>::Node>, FailureCause>;

/// One attempt at a step.
pub struct StepRun<'s, G: Graph> {
    pub(super) session: &'s mut Session<G>,
    pub(super) node: G::Node,
    pub(super) timeout: Option<Duration>,
}

impl<G: Graph> StepRun<'_, G> {
    /// The node whose action is to run.
    #[inline]
    pub fn node(&self) -> G::Node {
        self.node
    }

    /// The action does not fit the graph; such a graph does not compile.
    pub(crate) fn misfit(&self) -> FailureCause {
        FailureCause::Panic(format!("the action of node `{}` does not fit the graph", self.node))
    }
}

impl<G: Graph> fmt::Debug for StepRun<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepRun").field("node", &self.node).finish_non_exhaustive()
    }
}

/// Runs the action, makes its writes a candidate, evaluates the transition on it and commits.
pub async fn perform<A, G>(step: StepRun<'_, G>, bind: fn(&mut A::Params)) -> StepResult<G>
where
    G: Graph,
    A: Action<State = G::State>,
    for<'a> A::Args<'a>: Collect<'a, G>,
    A::Yields: Convert<G::Item>,
{
    let StepRun {
        session,
        node,
        timeout,
    } = step;
    let writes = {
        let Session {
            state,
            inputs,
            resources,
            failure,
            shown,
            context,
            observers,
            outlet,
            ..
        } = &mut *session;
        let span = if observers.is_empty() {
            None
        } else {
            observers.step_span()
        };
        let timeout = timeout.map(|after| (after, context.runtime.sleep(after)));
        let context = &*context;
        let mut port = Port::<G, A::Yields> {
            outlet: exclusive(outlet),
            observers,
            shown,
            control: &context.control,
            run: context.run,
            step: context.step,
            attempt: context.attempt,
            node,
            yields: PhantomData,
        };
        let action = pin!(async {
            let Some(inputs) = inputs.as_ref() else {
                return Err(FailureCause::MissingInput("inputs"));
            };
            let args = Collect::<G>::collect(inputs, resources)
                .map_err(|Missing(name)| FailureCause::MissingInput(name))?;
            let reads = A::reads(state).map_err(|UnsetSlot(name)| FailureCause::UnsetSlot(name))?;
            let mut params = A::Params::default();
            bind(&mut params);
            let call = Call {
                reads,
                args,
                params,
                context,
                failure: failure.as_ref(),
                yielder: Yielder::new(&mut port),
            };
            A::run(call).await.map_err(FailureCause::Error)
        });
        Attempt {
            action,
            timeout,
            span,
        }
        .await?
    };
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
    match catch_unwind(AssertUnwindSafe(transition)) {
        Ok(Ok(next)) => Ok(next),
        Ok(Err(UnsetSlot(name))) => Err(FailureCause::UnsetSlot(name)),
        Err(panic) => Err(FailureCause::Panic(message(&*panic))),
    }
}

/// The one place where items are published: observers first, then the slot.
struct Port<'p, G: Graph, Y> {
    outlet: &'p mut Outlet<Event<G>>,
    observers: &'p mut Observers<G>,
    shown: &'p mut u64,
    control: &'p Control,
    run: u64,
    step: u64,
    attempt: u32,
    node: G::Node,
    yields: PhantomData<fn() -> Y>,
}

impl<G: Graph, Y: Convert<G::Item>> Emit<<Y as Yielding>::Item> for Port<'_, G, Y> {
    #[inline]
    fn poll_emit(&mut self, item: &mut Option<Y::Item>, cx: &mut Context<'_>) -> Poll<Flow> {
        if item.is_none() {
            return self.outlet.poll_free(cx).map(|()| self.flow());
        }
        if self.outlet.is_free()
            && let Some(item) = item.take()
        {
            let event = Event {
                node: self.node,
                step: self.step,
                attempt: self.attempt,
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
        if self.control.is_stopped(self.run) {
            Flow::Stop
        } else {
            Flow::Continue
        }
    }
}
