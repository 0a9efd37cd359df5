//! The place of one session: its app while it is open, and who may use it.

use super::Hub;
use crate::{
    event::{Plainly, tell},
    problem::Problem,
};
use burdock::{
    App, Graph, Position, Run, RunError, Stopper,
    log::{Cursor, EntryKind, Existence, Follow, Followed, LogError, Offset, SessionId, follow},
};
use serde::Deserialize;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::{
    select,
    sync::{Mutex as Turn, OwnedMutexGuard, oneshot},
    task::yield_now,
    time::timeout,
};

/// A session's app, or nothing while it is not open.
type Held<G> = OwnedMutexGuard<Option<App<G>>>;

/// The place of one session.
pub(super) struct Seat<G: Graph> {
    session: SessionId,
    /// Held by the run that is under way; who waits for a turn gets it in order.
    app: Arc<Turn<Option<App<G>>>>,
    now: Mutex<Now>,
}

struct Now {
    /// Stops the run that is under way.
    stopper: Option<Stopper>,
    used: Instant,
}

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
    /// Stop it.
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

impl<G: Graph> Seat<G> {
    pub(super) fn new(session: SessionId) -> Self {
        let now = Now { stopper: None, used: Instant::now() };
        Self { session, app: Arc::default(), now: Mutex::new(now) }
    }

    pub(super) fn session(&self) -> &SessionId {
        &self.session
    }

    pub(super) fn is_running(&self) -> bool {
        self.now().stopper.is_some()
    }

    pub(super) fn is_idle(&self, since: Instant) -> bool {
        let now = self.now();
        now.stopper.is_none() && now.used < since
    }

    pub(super) fn stop(&self) {
        if let Some(stopper) = &self.now().stopper {
            stopper.stop();
        }
    }

    pub(super) fn try_take(&self) -> Option<Held<G>> {
        Arc::clone(&self.app).try_lock_owned().ok()
    }

    pub(super) async fn take(&self) -> Held<G> {
        Arc::clone(&self.app).lock_owned().await
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        let seat = self.seat(session).await?;
        let before = self.begin_on(&seat, &begin, terms).await;
        if before.is_err() {
            self.leave(&seat);
        }
        before
    }

    async fn begin_on(
        self: &Arc<Self>,
        seat: &Arc<Seat<G>>,
        begin: &Begin<G>,
        terms: Terms,
    ) -> Result<Cursor, Problem> {
        let session = seat.session();
        let held = self.turn(seat, terms.if_running).await?;
        seat.now().used = Instant::now();
        let mut held = self.ready(held, session, terms.existence).await?;
        // another process may have opened the session since: then it is opened anew, once
        for _ in 0..2 {
            match self.try_begin(seat, held, begin, terms.if_unfinished).await? {
                Ok(before) => return Ok(before),
                Err((RunError::Log { source: LogError::Fenced { .. }, .. }, again)) => {
                    held = self.ready(again, session, Existence::Existing).await?;
                }
                Err((error, _)) => return Err(error.into()),
            }
        }
        Err(Problem::conflict("fenced", "another process has the session: try again"))
    }

    /// Waits for a turn, or not.
    pub(super) async fn turn(
        &self,
        seat: &Seat<G>,
        if_running: IfRunning,
    ) -> Result<Held<G>, Problem> {
        if let Some(app) = seat.try_take() {
            return Ok(app);
        }
        match if_running {
            // who has read that the run is over need not wait for what comes behind that
            IfRunning::Reject if self.is_over(seat.session()).await? => {}
            IfRunning::Reject => {
                let detail = "a run is under way: wait for it, stop it, or ask with `if_running=wait` or `stop`";
                return Err(Problem::conflict("running", detail));
            }
            IfRunning::Wait => {}
            IfRunning::Stop => seat.stop(),
        }
        Ok(seat.take().await)
    }

    /// Whether the log has the end of the last run.
    async fn is_over(&self, session: &SessionId) -> Result<bool, Problem> {
        let next = match self.log.info(session).await {
            Err(LogError::NoSession { .. }) => return Ok(false),
            info => info?.next,
        };
        // a snapshot may stand behind it
        let from = Offset(next.0.saturating_sub(2));
        for record in self.log.read(session, from, 2).await?.iter().rev() {
            if let Some(told) = tell::<G>(record.entry(session)?, &Plainly) {
                return Ok(told.event.is_terminal());
            }
        }
        Ok(false)
    }

    /// Opens the session unless it is open.
    pub(super) async fn ready(
        &self,
        mut held: Held<G>,
        session: &SessionId,
        existence: Existence,
    ) -> Result<Held<G>, Problem> {
        // who has waited for a turn meanwhile opens nothing any more
        if self.closing.is_cancelled() {
            return Err(Problem::shutting_down());
        }
        match (&*held, existence) {
            (Some(_), Existence::New) => {
                return Err(LogError::SessionExists { session: session.clone() }.into());
            }
            (Some(_), Existence::Any | Existence::Existing) => {}
            (None, _) => *held = Some((self.opening)(session.clone(), existence).await?),
        }
        Ok(held)
    }

    /// Begins a run of an open session; gives it back if it did not begin.
    async fn try_begin(
        self: &Arc<Self>,
        seat: &Arc<Seat<G>>,
        mut held: Held<G>,
        begin: &Begin<G>,
        if_unfinished: IfUnfinished,
    ) -> Result<Result<Cursor, (RunError, Held<G>)>, Problem> {
        let session = seat.session().clone();
        let inputs = match begin {
            Begin::Run(inputs) => Some(inputs()?),
            Begin::Resume => None,
        };
        let before = match held.as_ref().and_then(App::cursor) {
            Some(cursor) => cursor,
            None => self.last(&session).await?,
        };
        let follow = follow(&self.log, &session, Some(before)).await?;
        let (ended, mut end) = oneshot::channel();
        let (hub, seat) = (Arc::clone(self), Arc::clone(seat));
        let run = async move {
            let result = hub.run(&seat, &mut held, inputs, if_unfinished).await;
            // an app that is fenced off is of no use; the next one reads the session
            if matches!(&result, Err(RunError::Log { .. } | RunError::Restore(_))) {
                *held = None;
            }
            if let Err(error) = &result {
                let (session, error) = (seat.session(), crate::problem::chain(error));
                tracing::warn!(%session, error, "a run failed");
            }
            drop(ended.send((result, held)));
        };
        self.runs.spawn(run);
        // the run has begun when its first entry says so, or it has failed before
        select! {
            biased;
            seen = begins(follow, session) => seen.map(|()| Ok(before)),
            Ok((Err(error), held)) = &mut end => Ok(Err((error, held))),
            else => Ok(Ok(before)),
        }
    }

    /// Drives a run to its end; without inputs, the unfinished one.
    async fn run(
        &self,
        seat: &Seat<G>,
        held: &mut Held<G>,
        inputs: Option<G::Inputs>,
        if_unfinished: IfUnfinished,
    ) -> Result<(), RunError> {
        let Some(app) = held.as_mut() else { return Ok(()) };
        let unfinished = matches!(app.position(), Position::Unfinished(_));
        let mut run = match inputs {
            Some(inputs) if unfinished && if_unfinished == IfUnfinished::Restart => {
                app.restart(inputs)
            }
            Some(inputs) => app.run(inputs),
            None => app.resume(),
        };
        let stopper = run.stopper();
        seat.now().stopper = Some(stopper.clone());
        let _at_work = AtWork(seat);
        if self.closing.is_cancelled() {
            stopper.stop();
        }
        let ended = timeout(self.limits.run_time, drain(&mut run)).await;
        if ended.is_err() {
            stopper.stop();
            drain(&mut run).await;
        }
        run.finish().await.map(drop)
    }

    async fn last(&self, session: &SessionId) -> Result<Cursor, Problem> {
        let next = self.log.info(session).await?.next;
        let last = Offset(next.0.saturating_sub(1));
        let record = self.log.read(session, last, 1).await?.into_iter().next();
        Ok(record.ok_or_else(|| LogError::NoSession { session: session.clone() })?.cursor())
    }
}

/// After how many items readers get a turn, at most, even when the action never waits. It is one at
/// first and then twice as many each time: nobody waits for the first ones, also when a thousand runs
/// begin at once, and of a long answer several go out together.
const TURN: u32 = 64;

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

/// A run is under way until this is dropped.
struct AtWork<'s, G: Graph>(&'s Seat<G>);

impl<G: Graph> Drop for AtWork<'_, G> {
    fn drop(&mut self) {
        let mut now = self.0.now();
        now.stopper = None;
        now.used = Instant::now();
    }
}
