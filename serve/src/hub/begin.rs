//! Starting a run, and driving it to its end.

use super::{
    Hub,
    fate::{Attempt, is_of_the_log},
    inputs::RunInputs,
    seat::{Held, Seat, Turn},
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

/// What to start.
pub(crate) enum Begin<G: Graph> {
    Run(RunInputs<G>),
    Resume,
}

/// On what terms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) existence: Existence,
    pub(crate) if_running: IfRunning,
    pub(crate) if_unfinished: IfUnfinished,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            existence: Existence::Any,
            if_running: IfRunning::default(),
            if_unfinished: IfUnfinished::default(),
        }
    }
}

/// What a start does while another run of the session is in progress in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IfRunning {
    /// Fails with [`SessionError::Running`].
    #[default]
    Reject,
    /// Waits until the other run is over, in the order of the calls.
    Wait,
    /// Stops the other run and all starts that wait, and then starts.
    Stop,
}

/// What a start does if the last run of the session is unfinished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IfUnfinished {
    /// Fails with [`SessionError::Unfinished`].
    #[default]
    Reject,
    /// Goes back to where the unfinished run started, and starts there with the new inputs.
    Restart,
}

impl<G: Graph> Hub<G> {
    /// Starts a run, which continues by itself, and returns the cursor just before its first entry once the
    /// log has that entry. After an error the run did not start, unless it is `MayHaveStarted`.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        session: &SessionId,
        begin: Begin<G>,
        terms: Terms,
    ) -> Result<Cursor, SessionError> {
        loop {
            let seat = self.seat(session).await?;
            let Some(turn) = self.turn(&seat, terms.if_running).await? else { continue };
            let hub = Arc::clone(self);
            // the outcome of a start is found even if the client disconnects
            return self
                .in_task(seat, async move { hub.begin_on(turn, &begin, terms).await })
                .await;
        }
    }

    /// Does work at a place in a task: it is done even if its caller leaves, and a panic of the program is an
    /// error.
    pub(super) async fn in_task<T: Send + 'static>(
        self: &Arc<Self>,
        seat: Arc<Seat<G>>,
        work: impl Future<Output = Result<T, SessionError>> + Send + 'static,
    ) -> Result<T, SessionError> {
        let hub = Arc::clone(self);
        let task = async move {
            let done = AssertUnwindSafe(work).catch_unwind().await;
            let done = done.unwrap_or(Err(SessionError::Panicked));
            if done.is_err() {
                hub.leave(&seat);
            }
            done
        };
        // a task that is aborted with its runtime has no answer
        self.runs.spawn(task.in_current_span()).await.unwrap_or(Err(SessionError::ShuttingDown))
    }

    async fn begin_on(
        self: &Arc<Self>,
        mut turn: Turn<G>,
        begin: &Begin<G>,
        terms: Terms,
    ) -> Result<Cursor, SessionError> {
        self.ready(&mut turn, terms.existence).await?;
        let session = turn.session().clone();
        let mut tries = 2;
        loop {
            check_optional(&turn, begin)?;
            let attempt = Attempt::of(&turn);
            let known = attempt.known;
            let error = match self.start(turn, begin, terms.if_unfinished).await? {
                Ok(first) => return Ok(self.before(&session, known, first).await),
                Err((error, again)) => {
                    turn = again;
                    error
                }
            };
            if !is_of_the_log(&error) {
                return Err(SessionError::of_run(&session, error));
            }
            turn.begin_again();
            match self.fate(&mut turn, attempt).await {
                Err(error) => return Err(SessionError::MayHaveStarted(Arc::new(error))),
                Ok(Some(first)) => {
                    self.continue_recorded(turn, terms.if_unfinished).await;
                    return Ok(self.before(&session, known, first).await);
                }
                Ok(None) => {}
            }
            tries -= 1;
            if tries == 0 {
                return Err(SessionError::of_run(&session, error));
            }
            // this request may have made the session
            let existence = match terms.existence {
                Existence::New => Existence::Any,
                existence => existence,
            };
            self.ready(&mut turn, existence).await?;
        }
    }

    /// Waits for a turn, or not; `None` at a place where the session is not any more.
    pub(super) async fn turn(
        &self,
        seat: &Arc<Seat<G>>,
        if_running: IfRunning,
    ) -> Result<Option<Turn<G>>, SessionError> {
        let held = seat.try_take();
        if held.is_none() && if_running == IfRunning::Stop {
            seat.stop_all();
        }
        let stops = seat.stops();
        let app = match held {
            Some(app) => app,
            None if if_running == IfRunning::Reject => self.take_after_end(seat).await?,
            None => {
                let waiting = seat.queue(self.limits.waiting);
                let _waiting = waiting.ok_or(SessionError::TooManyWaiting)?;
                seat.take().await
            }
        };
        if seat.is_gone() {
            return Ok(None);
        }
        Ok(Some(Turn::new(seat, app, stops)))
    }

    /// Takes a place whose run is over: a client that has read its end need not wait for what comes behind that,
    /// which is short. It does not wait for another run.
    async fn take_after_end(&self, seat: &Arc<Seat<G>>) -> Result<Held<G>, SessionError> {
        let turn = seat.turn().ok_or(SessionError::Running)?;
        if !seat.is_gone() && !self.is_over(seat.session()).await? {
            return Err(SessionError::Running);
        }
        let _waiting = seat.queue_behind(turn).ok_or(SessionError::Running)?;
        Ok(seat.take().await)
    }

    /// Opens the session unless it is open.
    pub(super) async fn ready(
        &self,
        turn: &mut Turn<G>,
        existence: Existence,
    ) -> Result<(), SessionError> {
        // who has waited for a turn meanwhile opens nothing any more
        if self.closing.is_cancelled() {
            return Err(SessionError::ShuttingDown);
        }
        let session = turn.session().clone();
        // an app whose last append failed has no cursor: the session is read from the log again
        if turn.app.as_ref().is_some_and(|app| app.cursor().is_none()) {
            *turn.app = None;
        }
        match (&*turn.app, existence) {
            (Some(_), Existence::New) => Err(LogError::SessionExists { session }.into()),
            (Some(_), Existence::Any | Existence::Existing) => Ok(()),
            (None, _) => {
                let opening = (self.opening)(session.clone(), existence).await;
                let mut app = opening.map_err(|error| SessionError::of_build(&session, error))?;
                // a new session exists for readers before its first run starts
                app.flush().await.map_err(|error| SessionError::of_run(&session, error))?;
                *turn.app = Some(app);
                Ok(())
            }
        }
    }

    /// Starts a run of an open session and returns the cursor of its first entry; it continues in a task of
    /// its own. Gives the turn back if it did not start, as far as the app knows.
    pub(super) async fn start(
        self: &Arc<Self>,
        turn: Turn<G>,
        begin: &Begin<G>,
        if_unfinished: IfUnfinished,
    ) -> Result<Result<Cursor, (RunError, Turn<G>)>, SessionError> {
        let inputs = match begin {
            Begin::Run(inputs) => Some(inputs.get()),
            Begin::Resume => None,
        };
        let (started, starting) = oneshot::channel();
        let hub = Arc::clone(self);
        self.runs.spawn(async move { hub.run(turn, inputs, if_unfinished, started).await });
        // the task ends without an answer only if it is aborted with its runtime
        starting.await.map_err(|_| SessionError::ShuttingDown)
    }

    /// Drives a run to its end; without inputs, the unfinished one. Answers once the log has its first entry.
    async fn run(
        &self,
        mut turn: Turn<G>,
        inputs: Option<G::Inputs>,
        if_unfinished: IfUnfinished,
        started: oneshot::Sender<Result<Cursor, (RunError, Turn<G>)>>,
    ) {
        let Some(mut app) = turn.app.take() else { return };
        let unfinished = matches!(app.position(), Position::Unfinished(_));
        let mut run = match inputs {
            Some(inputs) if unfinished && if_unfinished == IfUnfinished::Restart => {
                app.restart(inputs)
            }
            Some(inputs) => app.run(inputs),
            None => app.resume(),
        };
        let stopper = run.stopper();
        turn.running(stopper.clone());
        if self.closing.is_cancelled() {
            stopper.stop();
        }
        match run.started().await {
            Err(error) => {
                drop(run);
                *turn.app = Some(app);
                // the requester may be gone, and the turn with the answer
                drop(started.send(Err((error, turn))));
                return;
            }
            // a session that is served has a log
            Ok(first) => drop(first.map(|first| started.send(Ok(first)))),
        }
        let ended = timeout(self.limits.run_time, drain(&mut run)).await;
        if ended.is_err() {
            stopper.stop();
            drain(&mut run).await;
        }
        let ended = run.finish().await.map(drop);
        drop(run);
        // a reader that finds no run in progress reads from the log how the last one ended
        let flushed = app.flush().await;
        *turn.app = Some(app);
        if let Err(error) = ended.and(flushed) {
            let (session, chain) = (turn.session(), chain(&error));
            if matches!(error.kind(), RunErrorKind::Cancelled { .. }) {
                tracing::info!(%session, error = chain, "a run was cancelled");
            } else {
                tracing::warn!(%session, error = chain, "a run failed");
            }
            // an app whose writer failed or is fenced is of no use; the next one reads the session
            if matches!(error.kind(), RunErrorKind::Log { .. } | RunErrorKind::Restore(_)) {
                *turn.app = None;
            }
        }
    }
}

/// Items after which readers get a turn, at most, even when the action never waits. It is one at first and
/// then twice as many each time: nothing delays the first ones, also when a thousand runs begin at once, and
/// of a long answer several go out together.
///
/// The run's own time slices are not enough here: it wakes itself, and tokio polls such a task again many
/// times before it asks for I/O. With a thousand sessions that start at once (`bench-serve`), the first
/// token took 80 to 100 ms instead of 17.
const TURN: u32 = 128;

/// Drives a run to its end. Readers take the items from the log.
async fn drain<G: Graph>(run: &mut Run<'_, G>) {
    let (mut turn, mut left) = (1, 1);
    while run.next().await.is_some() {
        left -= 1;
        if left == 0 {
            turn = TURN.min(2 * turn);
            left = turn;
            yield_now().await;
        }
    }
}

/// Refuses an optional input that no node reads before the run's next pause: it would be ignored.
fn check_optional<G: Graph>(turn: &Turn<G>, begin: &Begin<G>) -> Result<(), SessionError> {
    let (Begin::Run(inputs), Some(app)) = (begin, &*turn.app) else { return Ok(()) };
    let node = match app.position() {
        Position::Rest(node) => node,
        Position::Unfinished(node) => app.origin().unwrap_or(node),
        Position::Ended => return Ok(()),
    };
    let used: Vec<_> = G::TOPOLOGY.run_inputs(node.index()).map(|input| input.name).collect();
    match inputs.optional().iter().find(|name| !used.contains(name)) {
        None => Ok(()),
        Some(name) => Err(SessionError::invalid_inputs(format!(
            "no node of a run that starts at node `{}` uses the input `{name}`: leave it out",
            node.name(),
        ))),
    }
}
