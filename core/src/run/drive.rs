//! The loop of a run.

use super::{
    Outcome, Retry, RunError,
    attempt::{AttemptFuture, CaughtOnDrop},
    limit::AttemptTimeout,
    session::{Session, Start},
    step::{StepRun, map_unset_slot},
};
use crate::{
    action::{Context, Failure, FailureCause},
    event::EventKind,
    graph::{Graph, Next, Node, Policy, StepResult},
    log::{BareEntryRef, EntryKind},
    panics::{Caught, caught, discard},
    stream::Committing,
};
use std::{future::poll_fn, ops::ControlFlow, pin::pin, task::Poll, time::Duration};

/// The nodes before and after which a run halts.
pub(super) struct Halts<N> {
    pub(super) before: Vec<N>,
    pub(super) after: Vec<N>,
}

impl<N: PartialEq> Halts<N> {
    fn is_empty(&self) -> bool {
        self.after.is_empty() && self.before.is_empty()
    }

    /// Returns whether the run halts after `committed` or before `next`.
    fn between(&self, committed: Option<&N>, next: &N) -> bool {
        committed.is_some_and(|node| self.after.contains(node)) || self.before.contains(next)
    }
}

/// The output of [`drive`]: the session, and the result of the run.
pub(super) type Driven<'a, G> = (&'a mut Session<G>, Result<Outcome<<G as Graph>::Node>, RunError>);

/// Drives a run from its first step to its outcome.
///
/// Dropping the future cancels the run: it drops the future of the action, the state is that of the last commit,
/// and the observers are notified.
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
    let guarded = &mut *guard.session;
    if guarded.has_subscribers() {
        guarded.publish(guarded.node(), EventKind::RunStarted).await;
        guarded.supersede().await;
    }
    guarded.mark_superseded();
    // inlined by hand: each nested `async fn`, and each value that is alive at an `.await`, costs time in every
    // step and again for every item
    let mut result = loop {
        if guarded.context.control.is_stopped(guarded.context.generation) {
            break Ok(guarded.outcome_at_position());
        }
        let node = guarded.node();
        guarded.enter(node);
        let committed = if G::policy(node).is_none() && !guarded.has_subscribers() {
            Caught(pin!(G::execute(StepRun::new(guarded)))).await
        } else {
            match attempts(guarded, node).await {
                Some(committed) => committed,
                None => break Ok(guarded.outcome_at_position()),
            }
        };
        let node = guarded.step_node;
        if let Err(cause) = committed {
            if let Err(error) = fail(guarded, node, cause).await {
                break Err(error);
            }
        } else if guarded.has_subscribers() {
            guarded.publish_commit(node).await;
        }
        if let Some(outcome) = outcome(guarded, node, halts.as_ref()) {
            break Ok(outcome);
        }
        // a stopped run does not yield: between two steps, no action is running that needs the grace period
        if guarded.context.control.slice.is_used_up(&*guarded.context.runtime)
            && !guarded.context.control.is_stopped(guarded.context.generation)
        {
            yield_now().await;
        }
    };
    let ended = guard.session.journal.end(guard.session.node(), &result).await;
    if let Err(error) = ended {
        result = result.and(Err(guard.session.log_error(error)));
    }
    if guard.session.has_subscribers() {
        let kind = match &result {
            Ok(outcome) => EventKind::RunFinished { outcome: *outcome },
            Err(error) => EventKind::RunFailed { error: error.clone() },
        };
        let node = match &result {
            Ok(_) => guard.session.last_committed.unwrap_or(guard.session.node()),
            Err(_) => guard.session.node(),
        };
        guard.running = false;
        guard.session.publish(node, kind).await;
    }
    guard.running = false;
    drop(guard);
    (session, result)
}

/// Cleans up after a run when it is dropped. If the run has not ended by then, it is cancelled.
struct CancelGuard<'a, G: Graph> {
    session: &'a mut Session<G>,
    running: bool,
}

impl<G: Graph> Drop for CancelGuard<'_, G> {
    fn drop(&mut self) {
        if self.running {
            self.session.cancel();
        }
        self.session.clear_run();
    }
}

/// Makes attempts until one is committed or fails without a retry. Returns `None` if a stop was requested before
/// a retry.
async fn attempts<G: Graph>(session: &mut Session<G>, node: G::Node) -> Option<StepResult> {
    if session.has_subscribers() {
        let (step, name) = (session.progress.step, node.name());
        session.journal.enqueue(|| BareEntryRef::StepStarted { step, node: name });
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
        session.mark_waiting_for_log();
        let cause = match result {
            Ok(()) => return Some(Ok(())),
            Err(cause) => cause,
        };
        if session.journal.has_log()
            && let Some(error) = session.finish_transaction().await
        {
            return Some(Err(FailureCause::NotRecorded(error).into()));
        }
        session.keep_calls();
        if !cause.is_retryable() || (session.delivered() > 0 && !superseding) {
            return Some(Err(cause));
        }
        let Some(retry_in) = delays.as_mut().and_then(Iterator::next) else {
            return Some(Err(cause));
        };
        if session.has_subscribers() {
            // also supersedes an item that is recorded and was not delivered yet
            session.supersede().await;
            let failure = failed(session, node, *cause);
            session.journal.enqueue(|| EntryKind::AttemptFailed {
                step: session.progress.step,
                failure: (&failure).into(),
                retry_in: u64::try_from(retry_in.as_millis()).unwrap_or(u64::MAX),
            });
            // readers of the log receive it before the next attempt, and not with the first item of that attempt
            session.journal.submit();
            session.publish(node, EventKind::AttemptFailed { failure, retry_in }).await;
        }
        session.mark_superseded();
        if wait(&session.context, retry_in).await.is_break() {
            return None;
        }
        // the delay may be zero, and then does not yield
        if session.context.control.slice.is_used_up(&*session.context.runtime)
            && !session.context.control.is_stopped(session.context.generation)
        {
            yield_now().await;
        }
        session.enter_again();
    }
}

/// Makes one attempt, in its span and under its timeout.
async fn attempt<G: Graph>(session: &mut Session<G>, timeout: Option<Duration>) -> StepResult {
    let timeout = timeout.map(|after| AttemptTimeout::new(after, &session.context.runtime));
    session.context.control.set_committing(Committing::No);
    let span = session.observers.step_span();
    let control = session.context.control.clone();
    let attempt = pin!(Some(G::execute(StepRun::new(session))));
    let attempt = CaughtOnDrop(attempt);
    AttemptFuture { attempt, timeout, span, control }.await
}

/// Waits for `duration`. Returns `Break` as soon as a stop is requested.
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

/// Fails the step: takes the error edge of the node. Returns the error that ends the run if the node has none.
async fn fail<G: Graph>(
    session: &mut Session<G>,
    node: G::Node,
    cause: Box<FailureCause>,
) -> Result<(), RunError> {
    session.keep_calls();
    if let FailureCause::NotRecorded(error) = *cause {
        return Err(session.log_error(error));
    }
    let mut failure = failed(session, node, *cause);
    let next = caught(|| G::on_error(node, &session.state).transpose());
    let next = next.map_err(Into::into).and_then(map_unset_slot);
    let next = next.unwrap_or_else(|cause| {
        failure = failed(session, node, *cause);
        None
    });
    if session.has_subscribers() {
        session.supersede().await;
    }
    // in the order of a commit: the log stores the entry, the position moves, the event is published
    let recorded = session.journal.failure(session.progress.step, &failure, next).await;
    recorded.map_err(|error| session.log_error(error))?;
    if let Some(next) = next {
        session.fail_over(failure.clone(), next);
    }
    if session.has_subscribers() {
        let failure = failure.clone();
        session.publish(node, EventKind::StepFailed { failure, next }).await;
    }
    next.map(|_| ()).ok_or_else(|| failure.into())
}

fn failed<G: Graph>(session: &Session<G>, node: G::Node, cause: FailureCause) -> Failure {
    Failure::new(node.name(), session.context.attempt, cause)
}

/// Returns the outcome of the run if it ends after this step.
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

/// Yields to the executor once.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
