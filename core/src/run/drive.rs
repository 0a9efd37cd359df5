//! The loop of a run.

use super::{
    Outcome, Policy, Retry, RunError,
    attempt::{Discarded, Watched},
    limit::Limit,
    session::{Begin, Session},
    step::{StepRun, decided},
};
use crate::{
    action::{Failure, FailureCause},
    event::EventKind,
    graph::{Graph, Next, Node, StepResult},
    panics::{Caught, caught, discard},
    stream::Settling,
};
use std::{future::poll_fn, ops::ControlFlow, pin::pin, task::Poll, time::Duration};

/// Where a run is told to halt.
pub(super) struct Halts<N> {
    pub(super) before: Vec<N>,
    pub(super) after: Vec<N>,
}

impl<N: PartialEq> Halts<N> {
    #[inline]
    fn between(&self, committed: Option<&N>, next: &N) -> bool {
        let none = self.after.is_empty() && self.before.is_empty();
        let after = || committed.is_some_and(|node| self.after.contains(node));
        !none && (after() || self.before.contains(next))
    }
}

/// The session comes back with the result.
pub(super) type Driven<'a, G> = (&'a mut Session<G>, Result<Outcome<<G as Graph>::Node>, RunError>);

/// Drives a run from its first step to its outcome.
///
/// Dropping the future cancels the run: the action's future goes with it, the state is the last
/// commit, and observers hear it.
pub(super) async fn drive<G: Graph>(
    session: &mut Session<G>,
    mut begin: Begin<G::Inputs>,
    halts: Halts<G::Node>,
) -> Driven<'_, G> {
    let started = session.begin(&mut begin).await;
    discard("inputs", begin);
    if let Err(error) = started {
        return (session, Err(error));
    }
    let mut lease = Lease { session: &mut *session, running: true };
    let steps = &mut *lease.session;
    if steps.is_heard() {
        steps.publish(steps.node(), EventKind::RunStarted).await;
        steps.supersede().await;
    }
    steps.shown = 0;
    // written out rather than called, and nothing kept: each `async fn` on the way and each value
    // alive at an `.await` costs a step, and every item again
    let mut result = loop {
        if steps.context.control.is_stopped(steps.context.turn) {
            break Ok(steps.rest());
        }
        let node = steps.node();
        steps.enter(node);
        let committed = if G::policy(node).is_none() && !steps.is_heard() {
            Caught(pin!(G::execute(StepRun::new(steps)))).await
        } else {
            match steps.attempts(node).await {
                Some(committed) => committed,
                None => break Ok(steps.rest()),
            }
        };
        if let Err(cause) = committed {
            if let Err(error) = steps.fail(node, cause).await {
                break Err(error);
            }
        } else if steps.is_heard() {
            steps.publish_commit(node).await;
        }
        if let Some(outcome) = steps.outcome(node, steps.next(), &halts) {
            break Ok(outcome);
        }
        // a stop is heard at once: between two steps there is no action that the grace period is for
        if steps.context.control.slice.is_used_up(&*steps.context.runtime)
            && !steps.context.control.is_stopped(steps.context.turn)
        {
            yield_now().await;
        }
    };
    if let Err(error) = lease.session.record_end(&result).await {
        result = result.and(Err(error));
    }
    if lease.session.is_heard() {
        let kind = match &result {
            Ok(outcome) => EventKind::RunFinished { outcome: *outcome },
            Err(error) => EventKind::RunFailed { error: error.clone() },
        };
        let node = match &result {
            Ok(_) => lease.session.last.unwrap_or(lease.session.node()),
            Err(_) => lease.session.node(),
        };
        lease.running = false;
        lease.session.publish(node, kind).await;
    }
    lease.running = false;
    drop(lease);
    (session, result)
}

/// A session in a run, which is over when it is dropped; before its end, that cancels it.
struct Lease<'a, G: Graph> {
    session: &'a mut Session<G>,
    running: bool,
}

impl<G: Graph> Drop for Lease<'_, G> {
    fn drop(&mut self) {
        if self.running {
            self.session.cancelled();
        }
        self.session.forget_run();
    }
}

impl<G: Graph> Session<G> {
    /// Notes where the run is.
    #[inline]
    fn enter(&mut self, node: G::Node) {
        self.context.node = node.name();
        self.context.attempt = 1;
        self.at = node;
    }

    /// Tries until an attempt is committed, or no other one may follow; `None` when a stop came
    /// instead of another attempt.
    async fn attempts(&mut self, node: G::Node) -> Option<StepResult> {
        if self.is_heard() {
            self.record_step(node);
            self.publish(node, EventKind::StepStarted).await;
        }
        let policy = G::policy(node).map_or(Ok(Policy::default()), caught);
        let Policy { timeout, retry } = match policy {
            Ok(policy) => policy,
            Err(panicked) => return Some(Err(panicked.into())),
        };
        let mut delays = retry.map(|retry| retry.delays(&*self.context.runtime));
        let superseding = retry.is_some_and(Retry::supersedes);
        loop {
            let result = self.attempt(timeout).await;
            self.wait_for_log();
            let cause = match result {
                Ok(()) => return Some(Ok(())),
                Err(cause) => cause,
            };
            if !cause.is_retryable() || (self.shown > 0 && !superseding) {
                return Some(Err(cause));
            }
            let Some(retry_in) = delays.as_mut().and_then(Iterator::next) else {
                return Some(Err(cause));
            };
            if self.is_heard() {
                // also one that was recorded and not shown yet
                self.supersede().await;
                let failure = self.failed(node, *cause);
                self.record_attempt(&failure, retry_in);
                let kind = EventKind::AttemptFailed { failure, retry_in };
                self.publish(node, kind).await;
            }
            self.shown = 0;
            if self.wait(retry_in).await.is_break() {
                return None;
            }
            // a retry may come at once
            if self.context.control.slice.is_used_up(&*self.context.runtime)
                && !self.context.control.is_stopped(self.context.turn)
            {
                yield_now().await;
            }
            self.context.attempt += 1;
        }
    }

    /// One attempt, in its span and under its timeout.
    async fn attempt(&mut self, timeout: Option<Duration>) -> StepResult {
        let limit = timeout.map(|after| Limit::new(after, &self.context.runtime));
        self.context.control.settle(Settling::No);
        let span = self.observers.step_span();
        let control = self.context.control.clone();
        let attempt = pin!(Some(G::execute(StepRun::new(self))));
        let attempt = Discarded(attempt);
        Watched { attempt, limit, span, control }.await
    }

    /// Waits, unless a stop comes.
    async fn wait(&self, duration: Duration) -> ControlFlow<()> {
        let mut sleep = self.context.runtime.sleep(duration);
        let mut stopped = pin!(self.context.stopped());
        poll_fn(|cx| {
            if stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(ControlFlow::Break(()));
            }
            sleep.as_mut().poll(cx).map(ControlFlow::Continue)
        })
        .await
    }

    /// Takes the node's error edge, or ends the run.
    async fn fail(&mut self, node: G::Node, cause: Box<FailureCause>) -> Result<(), RunError> {
        if let FailureCause::NotRecorded(error) = *cause {
            return Err(self.log_error(error));
        }
        let mut failure = self.failed(node, *cause);
        let next = caught(|| G::on_error(node, &self.state).transpose());
        let next = next.map_err(Into::into).and_then(decided);
        let next = next.unwrap_or_else(|cause| {
            failure = self.failed(node, *cause);
            None
        });
        if self.is_heard() {
            self.supersede().await;
        }
        // as with a commit, the position moves when the log has it, and before anyone is told
        let recorded = self.record_failure(&failure, next).await;
        recorded.map_err(|error| self.log_error(error))?;
        if let Some(next) = next {
            self.shown = 0;
            self.failure = Some(failure.clone());
            self.go(next);
        }
        if self.is_heard() {
            let failure = failure.clone();
            self.publish(node, EventKind::StepFailed { failure, next }).await;
        }
        next.map(|_| ()).ok_or_else(|| failure.into())
    }

    fn failed(&self, node: G::Node, cause: FailureCause) -> Failure {
        Failure::new(node.name(), self.context.attempt, cause)
    }

    /// Tells that what the last step has shown without a commit does not count any more.
    async fn supersede(&mut self) {
        self.record_superseded(self.at);
        if self.shown > 0 {
            // none is left once it is told
            let items = self.shown;
            self.publish(self.at, EventKind::ItemsSuperseded { items }).await;
        }
    }

    /// Whether the run is over after a step.
    fn outcome(
        &self,
        node: G::Node,
        next: Next<G::Node>,
        halts: &Halts<G::Node>,
    ) -> Option<Outcome<G::Node>> {
        match next {
            Next::Pause(next) => Some(Outcome::Paused(next)),
            Next::End => Some(Outcome::Ended),
            Next::Node(next) => {
                // a step that took its error edge was not committed
                let after = self.failure.is_none().then_some(&node);
                halts.between(after, &next).then_some(Outcome::Halted(next))
            }
        }
    }
}

/// Returns to the executor once.
async fn yield_now() {
    let mut given = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
