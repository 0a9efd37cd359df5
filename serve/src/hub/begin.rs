//! Beginning a run, and driving it to its end.

use super::{
    Hub,
    seat::{Seat, Turn},
};
use crate::problem::Problem;
use burdock::{
    App, Graph, Position, Run, RunError, RunErrorKind,
    log::{Cursor, EntryKind, Existence, Follow, Followed, LogError, Offset, SessionId, follow},
};
use serde::Deserialize;
use std::{pin::pin, sync::Arc};
use tokio::{select, sync::oneshot, task::yield_now, time::timeout};

/// What to begin.
pub(crate) enum Begin<G: Graph> {
    /// A run; its inputs are made once more when the session has to be opened once more.
    Run(Arc<dyn Fn() -> Result<G::Inputs, Problem> + Send + Sync>),
    Resume,
}

/// On what terms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) existence: Existence,
    pub(crate) if_running: IfRunning,
    pub(crate) if_unfinished: IfUnfinished,
}

/// What to do while another run is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IfRunning {
    /// Refuse.
    #[default]
    Reject,
    /// Wait for it.
    Wait,
    /// Stop it, and those that wait.
    Stop,
}

/// What to do with a run that did not come to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IfUnfinished {
    /// Refuse.
    #[default]
    Reject,
    /// Begin it again with other inputs.
    Restart,
}

/// What stood before a run, and the entries from there on.
struct Before {
    cursor: Cursor,
    follow: Follow,
}

impl<G: Graph> Hub<G> {
    /// Begins a run, which goes on by itself; is ready when the log has that it began. Gives the last
    /// entry before it.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        session: &SessionId,
        begin: Begin<G>,
        terms: Terms,
    ) -> Result<Cursor, Problem> {
        // before anything is opened for them
        if let Begin::Run(inputs) = &begin {
            inputs()?;
        }
        loop {
            let seat = self.seat(session).await?;
            let Some(turn) = self.turn(&seat, terms.if_running).await? else { continue };
            let before = self.begin_on(turn, &begin, terms).await;
            if before.is_err() {
                self.leave(&seat);
            }
            return before;
        }
    }

    async fn begin_on(
        self: &Arc<Self>,
        mut turn: Turn<G>,
        begin: &Begin<G>,
        terms: Terms,
    ) -> Result<Cursor, Problem> {
        self.ready(&mut turn, terms.existence).await?;
        // another process may have opened or deleted the session since: it is opened anew, once
        for _ in 0..2 {
            let before = match self.before(&turn).await {
                Err(LogError::NoSession { .. }) => {
                    *turn.app = None;
                    self.ready(&mut turn, terms.existence).await?;
                    self.before(&turn).await?
                }
                before => before?,
            };
            match self.try_begin(turn, before, begin, terms.if_unfinished).await? {
                Ok(cursor) => return Ok(cursor),
                Err((error, again)) if is_fenced(&error) => {
                    turn = again;
                    turn.begin_again();
                    self.ready(&mut turn, Existence::Existing).await?;
                }
                Err((error, _)) => return Err(error.into()),
            }
        }
        Err(Problem::conflict("fenced", "another process has the session: try again"))
    }

    /// Waits for a turn, or not; `None` at a place where the session is not any more.
    pub(super) async fn turn(
        &self,
        seat: &Arc<Seat<G>>,
        if_running: IfRunning,
    ) -> Result<Option<Turn<G>>, Problem> {
        let rejects = if_running == IfRunning::Reject;
        let held = seat.try_take();
        if held.is_none() && if_running == IfRunning::Stop {
            seat.stop_all();
        }
        let stops = seat.stops();
        let app = match held {
            Some(app) => app,
            // who has read that the run is over need not wait for what comes behind that
            None if rejects && !seat.is_gone() && !self.is_over(seat.session()).await? => {
                return Err(Problem::running());
            }
            None => {
                let _waiting = seat.queue(rejects).ok_or_else(Problem::running)?;
                seat.take().await
            }
        };
        if seat.is_gone() {
            return Ok(None);
        }
        Ok(Some(Turn::new(seat, app, stops)))
    }

    /// Opens the session unless it is open.
    pub(super) async fn ready(
        &self,
        turn: &mut Turn<G>,
        existence: Existence,
    ) -> Result<(), Problem> {
        // who has waited for a turn meanwhile opens nothing any more
        if self.closing.is_cancelled() {
            return Err(Problem::shutting_down());
        }
        let session = turn.session().clone();
        match (&*turn.app, existence) {
            (Some(_), Existence::New) => Err(LogError::SessionExists { session }.into()),
            (Some(_), Existence::Any | Existence::Existing) => Ok(()),
            (None, _) => {
                let opening = (self.opening)(session.clone(), existence).await;
                let mut app = opening.map_err(|error| Problem::about(&session, error))?;
                // so that there is something to follow
                app.flush().await?;
                *turn.app = Some(app);
                Ok(())
            }
        }
    }

    /// Where an open session is.
    async fn before(&self, turn: &Turn<G>) -> Result<Before, LogError> {
        let session = turn.session();
        let cursor = match turn.app.as_ref().and_then(App::cursor) {
            Some(cursor) => cursor,
            None => self.last(session).await?,
        };
        Ok(Before { cursor, follow: follow(&self.log, session, Some(cursor)).await? })
    }

    async fn last(&self, session: &SessionId) -> Result<Cursor, LogError> {
        let next = self.log.info(session).await?.next;
        let last = Offset(next.0.saturating_sub(1));
        let record = self.log.read(session, last, 1).await?.into_iter().next();
        record
            .map(|record| record.cursor())
            .ok_or_else(|| LogError::NoSession { session: session.clone() })
    }

    /// Begins a run of an open session; gives the turn back if it did not begin.
    async fn try_begin(
        self: &Arc<Self>,
        mut turn: Turn<G>,
        before: Before,
        begin: &Begin<G>,
        if_unfinished: IfUnfinished,
    ) -> Result<Result<Cursor, (RunError, Turn<G>)>, Problem> {
        let session = turn.session().clone();
        let inputs = match begin {
            Begin::Run(inputs) => Some(inputs()?),
            Begin::Resume => None,
        };
        let (ended, mut end) = oneshot::channel();
        let hub = Arc::clone(self);
        let run = async move {
            let result = hub.run(&mut turn, inputs, if_unfinished).await;
            if let Err(error) = &result {
                let (session, error) = (turn.session(), crate::problem::chain(error));
                tracing::warn!(%session, error, "a run failed");
            }
            // an app that is fenced off is of no use; the next one reads the session
            let kind = result.as_ref().map_err(RunError::kind);
            if matches!(kind, Err(RunErrorKind::Log { .. } | RunErrorKind::Restore(_))) {
                *turn.app = None;
            }
            drop(ended.send((result, turn)));
        };
        self.runs.spawn(run);
        let Before { cursor, follow } = before;
        let mut seen = pin!(begins(follow, session));
        // the run has begun when its first entry says so, or it has failed before
        select! {
            biased;
            seen = &mut seen => return seen.map(|()| Ok(cursor)),
            ended = &mut end => match ended {
                Ok((Err(error), turn)) if turn.stands_at(cursor) => return Ok(Err((error, turn))),
                // it was over before anybody looked at the log, which has all of it
                Ok(_) => {}
                Err(_) => return Ok(Ok(cursor)),
            }
        }
        seen.await.map(|()| Ok(cursor))
    }

    /// Drives a run to its end; without inputs, the unfinished one.
    async fn run(
        &self,
        turn: &mut Turn<G>,
        inputs: Option<G::Inputs>,
        if_unfinished: IfUnfinished,
    ) -> Result<(), RunError> {
        let Some(mut app) = turn.app.take() else { return Ok(()) };
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
        let ended = timeout(self.limits.run_time, drain(&mut run)).await;
        if ended.is_err() {
            stopper.stop();
            drain(&mut run).await;
        }
        let ended = run.finish().await.map(drop);
        drop(run);
        // who reads that no run is under way reads in the log how the last one ended
        let flushed = app.flush().await;
        *turn.app = Some(app);
        ended.and(flushed)
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

/// Returns whether another opener of the session has fenced the run's writer.
fn is_fenced(error: &RunError) -> bool {
    matches!(error.kind(), RunErrorKind::Log { source: LogError::Fenced { .. }, .. })
}

/// Is ready when a run begins or goes on.
async fn begins(mut follow: Follow, session: SessionId) -> Result<(), Problem> {
    while let Some(followed) = follow.next().await {
        if let Followed::Record(record) = followed? {
            let kind = record.entry(&session)?.kind;
            if matches!(kind, EntryKind::RunStarted { .. } | EntryKind::RunResumed { .. }) {
                break;
            }
        }
    }
    Ok(())
}
