//! Starts of runs, and the tasks that drive them to their end.

use super::{
    Hub,
    inputs::RunInputs,
    slot::{AppGuard, SessionPermit, SessionSlot},
    uncertain::{BeforeStart, may_be_stored},
};
use crate::{error::SessionError, text::chain};
use burdock::{
    Graph, Position, Run, RunError, RunErrorKind,
    graph::Node,
    log::{Cursor, Existence, LogError, SessionId},
};
use futures_util::FutureExt as _;
use serde::Deserialize;
use std::{panic::AssertUnwindSafe, sync::Arc};
use tokio::{sync::oneshot, task::yield_now, time::timeout};
use tracing::Instrument as _;

/// A new run with its inputs, or the continuation of the unfinished one.
pub(crate) enum StartKind<G: Graph> {
    Run(RunInputs<G>),
    Resume,
}

/// Conditions of a start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StartOptions {
    pub(crate) existence: Existence,
    pub(crate) if_running: IfRunning,
    pub(crate) if_unfinished: IfUnfinished,
}

impl Default for StartOptions {
    fn default() -> Self {
        Self {
            existence: Existence::Any,
            if_running: IfRunning::default(),
            if_unfinished: IfUnfinished::default(),
        }
    }
}

/// Behavior of a start while another run of the session is in progress in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IfRunning {
    /// Fails with [`SessionError::Running`].
    #[default]
    Reject,
    /// Waits until the other run is over. Starts that wait proceed in the order of the calls.
    Wait,
    /// Stops the other run and all starts that wait, and then starts the run.
    Stop,
}

/// Behavior of a start if the last run of the session is unfinished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IfUnfinished {
    /// Fails with [`SessionError::Unfinished`].
    #[default]
    Reject,
    /// Starts again at the node at which the unfinished run started, with the new inputs.
    Restart,
}

impl<G: Graph> Hub<G> {
    /// Starts a run in a task of its own, and returns the cursor just before its first entry once the log has
    /// that entry. After any error except `MayHaveStarted`, the run did not start.
    pub(crate) async fn start(
        self: &Arc<Self>,
        session: &SessionId,
        kind: StartKind<G>,
        options: StartOptions,
    ) -> Result<Cursor, SessionError> {
        loop {
            let slot = self.slot(session).await?;
            let Some(permit) = self.acquire(&slot, options.if_running).await? else { continue };
            let hub = Arc::clone(self);
            // in a task, so that the start is completed even if the client disconnects
            return self
                .in_task(slot, async move { hub.start_with(permit, &kind, options).await })
                .await;
        }
    }

    /// Runs work on a slot in a task, so that it is completed even if the caller drops this future, and a panic
    /// of the program is returned as an error.
    pub(super) async fn in_task<T: Send + 'static>(
        self: &Arc<Self>,
        slot: Arc<SessionSlot<G>>,
        work: impl Future<Output = Result<T, SessionError>> + Send + 'static,
    ) -> Result<T, SessionError> {
        let hub = Arc::clone(self);
        let task = async move {
            let result = AssertUnwindSafe(work).catch_unwind().await;
            let result = result.unwrap_or(Err(SessionError::Panicked));
            if result.is_err() {
                hub.remove_unopened(&slot);
            }
            result
        };
        // joining fails only if the task was aborted with its runtime
        self.runs.spawn(task.in_current_span()).await.unwrap_or(Err(SessionError::ShuttingDown))
    }

    async fn start_with(
        self: &Arc<Self>,
        mut permit: SessionPermit<G>,
        kind: &StartKind<G>,
        options: StartOptions,
    ) -> Result<Cursor, SessionError> {
        self.ensure_open(&mut permit, options.existence).await?;
        let session = permit.session().clone();
        let mut tries = 2;
        loop {
            check_optional(&permit, kind)?;
            let before = BeforeStart::of(&permit);
            let error = match self.spawn_run(permit, kind, options.if_unfinished).await? {
                Ok(first) => {
                    return Ok(self.cursor_before_run(&session, before.cursor, first).await);
                }
                Err((error, returned)) => {
                    permit = returned;
                    error
                }
            };
            if !may_be_stored(&error) {
                return Err(SessionError::of_run(&session, error));
            }
            permit.set_starting_again();
            match self.find_start(&mut permit, before).await {
                Err(error) => return Err(SessionError::MayHaveStarted(Arc::new(error))),
                Ok(Some(first)) => {
                    self.continue_recorded(permit, options.if_unfinished).await;
                    return Ok(self.cursor_before_run(&session, before.cursor, first).await);
                }
                Ok(None) => {}
            }
            tries -= 1;
            if tries == 0 {
                return Err(SessionError::of_run(&session, error));
            }
            // the failed start may have created the session
            let existence = match options.existence {
                Existence::New => Existence::Any,
                existence => existence,
            };
            self.ensure_open(&mut permit, existence).await?;
        }
    }

    /// Acquires the permit of a slot, waiting for it if `if_running` allows that; returns `None` if the slot is
    /// being deleted.
    pub(super) async fn acquire(
        &self,
        slot: &Arc<SessionSlot<G>>,
        if_running: IfRunning,
    ) -> Result<Option<SessionPermit<G>>, SessionError> {
        let app = slot.try_lock();
        if app.is_none() && if_running == IfRunning::Stop {
            slot.stop_all();
        }
        let stop_count = slot.stop_count();
        let app = match app {
            Some(app) => app,
            None if if_running == IfRunning::Reject => self.lock_after_end(slot).await?,
            None => {
                let queued = slot.queue(self.limits.waiting);
                let _queued = queued.ok_or(SessionError::TooManyWaiting)?;
                slot.lock().await
            }
        };
        if slot.is_deleted() {
            return Ok(None);
        }
        Ok(Some(SessionPermit::new(slot, app, stop_count)))
    }

    /// Locks a slot whose run has its end in the log but still holds the lock, which it then does only briefly.
    /// This allows a client that has read the end of a run to start the next one. Never waits for another run.
    async fn lock_after_end(
        &self,
        slot: &Arc<SessionSlot<G>>,
    ) -> Result<AppGuard<G>, SessionError> {
        let permit = slot.last_permit().ok_or(SessionError::Running)?;
        if !slot.is_deleted() && !self.is_last_run_over(slot.session()).await? {
            return Err(SessionError::Running);
        }
        let _queued = slot.queue_behind(permit).ok_or(SessionError::Running)?;
        Ok(slot.lock().await)
    }

    /// Opens the session unless it is open.
    pub(super) async fn ensure_open(
        &self,
        permit: &mut SessionPermit<G>,
        existence: Existence,
    ) -> Result<(), SessionError> {
        // the shutdown may have started while the request waited for its permit
        if self.closing.is_cancelled() {
            return Err(SessionError::ShuttingDown);
        }
        let session = permit.session().clone();
        // an app whose last append failed has no cursor: the session is read from the log again
        if permit.app.as_ref().is_some_and(|app| app.cursor().is_none()) {
            *permit.app = None;
        }
        match (&*permit.app, existence) {
            (Some(_), Existence::New) => Err(LogError::SessionExists { session }.into()),
            (Some(_), Existence::Any | Existence::Existing) => Ok(()),
            (None, _) => {
                let opening = (self.open)(session.clone(), existence).await;
                let mut app = opening.map_err(|error| SessionError::of_build(&session, error))?;
                // a new session exists for readers before its first run starts
                app.flush().await.map_err(|error| SessionError::of_run(&session, error))?;
                *permit.app = Some(app);
                Ok(())
            }
        }
    }

    /// Starts a run of an open session in a task of its own, and returns the cursor of its first entry. Returns
    /// the permit with the error if the run did not start, as far as the app knows.
    pub(super) async fn spawn_run(
        self: &Arc<Self>,
        permit: SessionPermit<G>,
        kind: &StartKind<G>,
        if_unfinished: IfUnfinished,
    ) -> Result<Result<Cursor, (RunError, SessionPermit<G>)>, SessionError> {
        let inputs = match kind {
            StartKind::Run(inputs) => Some(inputs.get()),
            StartKind::Resume => None,
        };
        let (started, starting) = oneshot::channel();
        let hub = Arc::clone(self);
        self.runs.spawn(async move { hub.drive(permit, inputs, if_unfinished, started).await });
        // the sender is dropped unused only if the task is aborted with its runtime
        starting.await.map_err(|_| SessionError::ShuttingDown)
    }

    /// Drives a run to its end: a new one, or the unfinished one if there are no inputs. Sends the result of the
    /// start once the log has the first entry.
    async fn drive(
        &self,
        mut permit: SessionPermit<G>,
        inputs: Option<G::Inputs>,
        if_unfinished: IfUnfinished,
        started: oneshot::Sender<Result<Cursor, (RunError, SessionPermit<G>)>>,
    ) {
        let Some(mut app) = permit.app.take() else { return };
        let unfinished = matches!(app.position(), Position::Unfinished(_));
        let mut run = match inputs {
            Some(inputs) if unfinished && if_unfinished == IfUnfinished::Restart => {
                app.restart(inputs)
            }
            Some(inputs) => app.run(inputs),
            None => app.resume(),
        };
        let stopper = run.stopper();
        permit.set_running(stopper.clone());
        if self.closing.is_cancelled() {
            stopper.stop();
        }
        match run.started().await {
            Err(error) => {
                drop(run);
                *permit.app = Some(app);
                // if the receiver is gone, this drops the permit
                drop(started.send(Err((error, permit))));
                return;
            }
            // `None` only without a log
            Ok(first) => drop(first.map(|first| started.send(Ok(first)))),
        }
        let ended = timeout(self.limits.run_time, drain(&mut run)).await;
        if ended.is_err() {
            stopper.stop();
            drain(&mut run).await;
        }
        let ended = run.finish().await.map(drop);
        drop(run);
        // before the permit is dropped: a reader that finds no run in progress expects its end in the log
        let flushed = app.flush().await;
        *permit.app = Some(app);
        if let Err(error) = ended.and(flushed) {
            let (session, chain) = (permit.session(), chain(&error));
            if matches!(error.kind(), RunErrorKind::Cancelled { .. }) {
                tracing::info!(%session, error = chain, "a run was cancelled");
            } else {
                tracing::warn!(%session, error = chain, "a run failed");
            }
            // an app whose writer failed or is fenced cannot be used again; the next run opens the session
            if matches!(error.kind(), RunErrorKind::Log { .. } | RunErrorKind::Restore(_)) {
                *permit.app = None;
            }
        }
    }
}

/// Largest number of items that are drained before the task yields to readers. The number starts at 1 and
/// doubles up to this limit: the first items are never delayed, even if a thousand runs start at once, and the
/// items of a long answer are sent in batches.
///
/// The time slices of the run are not sufficient: a run wakes its own task, and tokio polls such a task many
/// times before it polls for I/O. With a thousand sessions that start at once (`bench-serve`), the first token
/// took 80 to 100 ms instead of 17 ms.
const MAX_BATCH: u32 = 128;

/// Polls a run to its end and discards its items, which readers receive from the log.
async fn drain<G: Graph>(run: &mut Run<'_, G>) {
    let (mut batch, mut left) = (1, 1);
    while run.next().await.is_some() {
        left -= 1;
        if left == 0 {
            batch = MAX_BATCH.min(2 * batch);
            left = batch;
            yield_now().await;
        }
    }
}

/// Returns an error for an optional input that no node of the run can read: it would be ignored.
fn check_optional<G: Graph>(
    permit: &SessionPermit<G>,
    kind: &StartKind<G>,
) -> Result<(), SessionError> {
    let (StartKind::Run(inputs), Some(app)) = (kind, &*permit.app) else { return Ok(()) };
    let node = match app.position() {
        Position::Rest(node) => node,
        Position::Unfinished(node) => app.origin().unwrap_or(node),
        Position::Ended => return Ok(()),
    };
    let used: Vec<_> = G::TOPOLOGY.run_inputs(node.index()).map(|input| input.name).collect();
    match inputs.optional().iter().find(|name| !used.contains(name)) {
        None => Ok(()),
        Some(name) => Err(SessionError::invalid_inputs(format!(
            "no node of a run that starts at node `{}` uses the input `{name}`: omit it",
            node.name(),
        ))),
    }
}
