//! The loop of a run.

use super::{
    Outcome, Retry, RunError,
    attempt::{Discarded, Watched},
    limit::Limit,
    session::{Session, Start},
    step::{StepRun, decided},
};
use crate::{
    action::{Context, Failure, FailureCause},
    event::EventKind,
    graph::{Graph, Next, Node, Policy, StepResult},
    log::{EntryKind, Plain},
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
    fn is_empty(&self) -> bool {
        self.after.is_empty() && self.before.is_empty()
    }

    fn between(&self, committed: Option<&N>, next: &N) -> bool {
        committed.is_some_and(|node| self.after.contains(node)) || self.before.contains(next)
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
    mut start: Start<G::Inputs>,
    halts: Halts<G::Node>,
) -> Driven<'_, G> {
    let started = session.start(&mut start).await;
    discard("inputs", start);
    let halts = (!halts.is_empty()).then_some(halts);
    if let Err(error) = started {
        return (session, Err(error));
    }
    let mut guard = CancelGuard { session: &mut *session, running: true };
    let steps = &mut *guard.session;
    if steps.is_heard() {
        steps.publish(steps.node(), EventKind::RunStarted).await;
        steps.supersede().await;
    }
    steps.forget_items();
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
            match attempts(steps, node).await {
                Some(committed) => committed,
                None => break Ok(steps.rest()),
            }
        };
        let node = steps.at;
        if let Err(cause) = committed {
            if let Err(error) = fail(steps, node, cause).await {
                break Err(error);
            }
        } else if steps.is_heard() {
            steps.publish_commit(node).await;
        }
        if let Some(outcome) = outcome(steps, node, halts.as_ref()) {
            break Ok(outcome);
        }
        // a stop is heard at once: between two steps there is no action that the grace period is for
        if steps.context.control.slice.is_used_up(&*steps.context.runtime)
            && !steps.context.control.is_stopped(steps.context.turn)
        {
            yield_now().await;
        }
    };
    let ended = guard.session.journal.end(guard.session.node(), &result).await;
    if let Err(error) = ended {
        result = result.and(Err(guard.session.log_error(error)));
    }
    if guard.session.is_heard() {
        let kind = match &result {
            Ok(outcome) => EventKind::RunFinished { outcome: *outcome },
            Err(error) => EventKind::RunFailed { error: error.clone() },
        };
        let node = match &result {
            Ok(_) => guard.session.last.unwrap_or(guard.session.node()),
            Err(_) => guard.session.node(),
        };
        guard.running = false;
        guard.session.publish(node, kind).await;
    }
    guard.running = false;
    drop(guard);
    (session, result)
}

/// A session in a run, which is over when it is dropped; before its end, that cancels it.
struct CancelGuard<'a, G: Graph> {
    session: &'a mut Session<G>,
    running: bool,
}

impl<G: Graph> Drop for CancelGuard<'_, G> {
    fn drop(&mut self) {
        if self.running {
            self.session.cancelled();
        }
        self.session.forget_run();
    }
}

/// Tries until an attempt is committed, or no other one may follow; `None` when a stop came
/// instead of another attempt.
async fn attempts<G: Graph>(session: &mut Session<G>, node: G::Node) -> Option<StepResult> {
    if session.is_heard() {
        let (step, name) = (session.progress.step, node.name());
        session.journal.enqueue(|| Plain::StepStarted { step, node: name });
        session.publish(node, EventKind::StepStarted).await;
    }
    let policy = G::policy(node).map_or(Ok(Policy::default()), caught);
    let Policy { timeout, retry } = match policy {
        Ok(policy) => policy,
        Err(panicked) => return Some(Err(panicked.into())),
    };
    let mut delays = retry.map(|retry| retry.delays(&*session.context.runtime));
    let superseding = retry.is_some_and(Retry::supersedes);
    loop {
        let result = attempt(session, timeout).await;
        session.wait_for_log();
        let cause = match result {
            Ok(()) => return Some(Ok(())),
            Err(cause) => cause,
        };
        if !cause.is_retryable() || (session.delivered() > 0 && !superseding) {
            return Some(Err(cause));
        }
        let Some(retry_in) = delays.as_mut().and_then(Iterator::next) else {
            return Some(Err(cause));
        };
        if session.is_heard() {
            // also one that was recorded and not shown yet
            session.supersede().await;
            let failure = failed(session, node, *cause);
            session.journal.enqueue(|| EntryKind::AttemptFailed {
                step: session.progress.step,
                failure: (&failure).into(),
                retry_in: u64::try_from(retry_in.as_millis()).unwrap_or(u64::MAX),
            });
            // readers of the log learn of it before the next attempt, not with its first item
            session.journal.submit();
            session.publish(node, EventKind::AttemptFailed { failure, retry_in }).await;
        }
        session.forget_items();
        if wait(&session.context, retry_in).await.is_break() {
            return None;
        }
        // a retry may come at once
        if session.context.control.slice.is_used_up(&*session.context.runtime)
            && !session.context.control.is_stopped(session.context.turn)
        {
            yield_now().await;
        }
        session.context.attempt += 1;
    }
}

/// One attempt, in its span and under its timeout.
async fn attempt<G: Graph>(session: &mut Session<G>, timeout: Option<Duration>) -> StepResult {
    let limit = timeout.map(|after| Limit::new(after, &session.context.runtime));
    session.context.control.settle(Settling::No);
    let span = session.observers.step_span();
    let control = session.context.control.clone();
    let attempt = pin!(Some(G::execute(StepRun::new(session))));
    let attempt = Discarded(attempt);
    Watched { attempt, limit, span, control }.await
}

/// Waits, unless a stop comes.
async fn wait(context: &Context, duration: Duration) -> ControlFlow<()> {
    let mut sleep = context.sleep(duration);
    let mut stopped = pin!(context.stopped());
    poll_fn(|cx| {
        if stopped.as_mut().poll(cx).is_ready() {
            return Poll::Ready(ControlFlow::Break(()));
        }
        sleep.as_mut().poll(cx).map(ControlFlow::Continue)
    })
    .await
}

/// Takes the node's error edge, or ends the run.
async fn fail<G: Graph>(
    session: &mut Session<G>,
    node: G::Node,
    cause: Box<FailureCause>,
) -> Result<(), RunError> {
    if let FailureCause::NotRecorded(error) = *cause {
        return Err(session.log_error(error));
    }
    let mut failure = failed(session, node, *cause);
    let next = caught(|| G::on_error(node, &session.state).transpose());
    let next = next.map_err(Into::into).and_then(decided);
    let next = next.unwrap_or_else(|cause| {
        failure = failed(session, node, *cause);
        None
    });
    if session.is_heard() {
        session.supersede().await;
    }
    // as with a commit, the position moves once the log has the entry and before the event is published
    let recorded = session.journal.failure(session.progress.step, &failure, next).await;
    recorded.map_err(|error| session.log_error(error))?;
    if let Some(next) = next {
        session.fail_over(failure.clone(), next);
    }
    if session.is_heard() {
        let failure = failure.clone();
        session.publish(node, EventKind::StepFailed { failure, next }).await;
    }
    next.map(|_| ()).ok_or_else(|| failure.into())
}

fn failed<G: Graph>(session: &Session<G>, node: G::Node, cause: FailureCause) -> Failure {
    Failure::new(node.name(), session.context.attempt, cause)
}

/// The outcome of the run, if it is over after a step.
fn outcome<G: Graph>(
    session: &Session<G>,
    node: G::Node,
    halts: Option<&Halts<G::Node>>,
) -> Option<Outcome<G::Node>> {
    match session.next() {
        Next::Pause(next) => Some(Outcome::Paused(next)),
        Next::End => Some(Outcome::Ended),
        Next::Node(next) => {
            // a step that took its error edge was not committed
            let after = session.progress.failure.is_none().then_some(&node);
            halts?.between(after, &next).then_some(Outcome::Halted(next))
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
