//! The loop of a run.

use super::{
    Outcome, Policy, RunError,
    session::Session,
    step::{StepResult, StepRun, evaluate},
};
use crate::{
    action::{Failure, FailureCause},
    event::EventKind,
    graph::{Graph, Next, Node},
};
use std::{
    future::poll_fn,
    ops::ControlFlow,
    pin::pin,
    task::Poll,
    time::Duration,
};

/// Steps after which a loop that never waits gives the executor a turn.
const TURN: u32 = 128;

/// Where a run is told to halt.
pub(super) struct Halts<N> {
    pub(super) before: Vec<N>,
    pub(super) after: Vec<N>,
}

impl<N: PartialEq> Halts<N> {
    #[inline]
    fn between(&self, node: &N, next: &N) -> bool {
        let none = self.after.is_empty() && self.before.is_empty();
        !none && (self.after.contains(node) || self.before.contains(next))
    }
}

/// The session comes back with the result.
pub(super) type Driven<'a, G> = (
    &'a mut Session<G>,
    Result<Outcome<<G as Graph>::Node>, RunError>,
);

/// Drives a run from its first step to its outcome.
///
/// Dropping the future cancels the run: the action's future goes with it, the state is the last
/// commit, and observers hear it.
pub(super) async fn drive<G: Graph>(
    session: &mut Session<G>,
    halts: Halts<G::Node>,
) -> Driven<'_, G> {
    let mut lease = Lease {
        session: &mut *session,
        running: true,
    };
    let result = lease.session.steps(&halts).await;
    if lease.session.is_heard() {
        let kind = match &result {
            Ok(outcome) => EventKind::RunFinished { outcome: *outcome },
            Err(error) => EventKind::RunFailed {
                error: Box::new(error.clone()),
            },
        };
        let node = lease.session.last.unwrap_or(lease.session.node());
        lease.running = false;
        lease.session.publish(node, kind).await;
    }
    lease.running = false;
    drop(lease);
    (session, result)
}

/// A session in a run; whoever drops it before its end cancels the run.
struct Lease<'a, G: Graph> {
    session: &'a mut Session<G>,
    running: bool,
}

impl<G: Graph> Drop for Lease<'_, G> {
    fn drop(&mut self) {
        if self.running {
            self.session.cancelled();
        }
    }
}

impl<G: Graph> Session<G> {
    async fn steps(&mut self, halts: &Halts<G::Node>) -> Result<Outcome<G::Node>, RunError> {
        if self.is_heard() {
            self.publish(self.node(), EventKind::RunStarted).await;
        }
        let mut turn = TURN;
        loop {
            if self.context.control.is_stopped(self.context.run) {
                return Ok(self.rest());
            }
            let node = self.node();
            self.enter(node);
            if self.is_heard() {
                self.supersede(node).await;
                self.publish(node, EventKind::StepStarted).await;
            }
            self.shown = 0;
            // written out rather than called: each `async fn` on the way costs a step
            let result = match G::policy(node) {
                None => G::execute(StepRun::new(self)).await,
                Some(policy) => self.attempts(node, policy).await,
            };
            let next = match result {
                Ok(next) => {
                    if self.is_heard() {
                        self.publish_commit(node, next).await;
                    }
                    next
                }
                Err(cause) => self.fail(node, cause).await?,
            };
            if let Some(outcome) = self.outcome(node, next, halts) {
                return Ok(outcome);
            }
            turn -= 1;
            if turn == 0 {
                turn = TURN;
                give_turn().await;
            }
        }
    }

    /// Notes where the run is.
    #[inline]
    fn enter(&mut self, node: G::Node) {
        self.context.node = node.name();
        self.context.attempt = 1;
        self.at = node;
        self.timeout = None;
    }

    /// Tries until an attempt is committed, or no other one may follow.
    async fn attempts(&mut self, node: G::Node, policy: Policy) -> StepResult<G> {
        let runtime = self.context.runtime.clone();
        self.timeout = policy.timeout;
        let mut waits = policy.retry.map(|retry| retry.waits(|| runtime.random()));
        loop {
            let cause = match G::execute(StepRun::new(self)).await {
                Ok(next) => return Ok(next),
                Err(cause) => cause,
            };
            let stopped = self.context.control.is_stopped(self.context.run);
            if self.shown > 0 || !cause.is_retryable() || stopped {
                return Err(cause);
            }
            let Some(retry_in) = waits.as_mut().and_then(Iterator::next) else {
                return Err(cause);
            };
            if self.is_heard() {
                let failure = self.failed(node, cause.clone());
                let kind = EventKind::AttemptFailed { failure, retry_in };
                self.publish(node, kind).await;
            }
            if self.wait(retry_in).await.is_break() {
                return Err(cause);
            }
            self.context.attempt += 1;
        }
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
    async fn fail(
        &mut self,
        node: G::Node,
        cause: FailureCause,
    ) -> Result<Next<G::Node>, RunError> {
        let mut failure = self.failed(node, cause);
        let next = evaluate(|| G::on_error(node, &self.state).transpose());
        let next = next.unwrap_or_else(|cause| {
            failure = self.failed(node, cause);
            None
        });
        if self.is_heard() {
            self.supersede(node).await;
            let kind = EventKind::StepFailed {
                failure: failure.clone(),
                next,
            };
            self.publish(node, kind).await;
        }
        let Some(next) = next else {
            return Err(RunError::Failed(failure));
        };
        self.shown = 0;
        self.failure = Some(failure);
        self.go(next);
        Ok(next)
    }

    fn failed(&self, node: G::Node, cause: FailureCause) -> Failure {
        Failure::new(node.name(), self.context.attempt, cause)
    }

    /// Tells that what the step has shown so far does not count any more.
    async fn supersede(&mut self, node: G::Node) {
        let items = std::mem::take(&mut self.shown);
        if items > 0 {
            self.publish(node, EventKind::ItemsSuperseded { items }).await;
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
            Next::Node(next) if halts.between(&node, &next) => {
                Some(Outcome::Halted(next))
            }
            Next::Node(_) => None,
        }
    }
}

/// Gives the executor a turn.
async fn give_turn() {
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
