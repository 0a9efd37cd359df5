//! The place of one session: its app while it is open, and who may use it.

use super::Hub;
use crate::{
    event::{Event, Plainly, tell},
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
    sync::{Mutex as InOrder, OwnedMutexGuard, oneshot},
    task::yield_now,
    time::timeout,
};

/// A session's app, or nothing while it is not open.
type Held<G> = OwnedMutexGuard<Option<App<G>>>;

/// The place of one session.
pub(super) struct Seat<G: Graph> {
    session: SessionId,
    /// Held by the run that is under way; who waits for a turn gets it in order.
    app: Arc<InOrder<Option<App<G>>>>,
    now: Mutex<Now>,
}

struct Now {
    work: Work,
    used: Instant,
}

/// What is done with a session.
enum Work {
    Nothing,
    /// A run is to begin, for which the session may have to be opened first; it is to stop at once if
    /// somebody asked for that meanwhile.
    Beginning {
        stop: bool,
    },
    Running(Stopper),
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
        let now = Now { work: Work::Nothing, used: Instant::now() };
        Self { session, app: Arc::default(), now: Mutex::new(now) }
    }

    pub(super) fn session(&self) -> &SessionId {
        &self.session
    }

    pub(super) fn is_running(&self) -> bool {
        !matches!(self.now().work, Work::Nothing)
    }

    pub(super) fn is_idle(&self, since: Instant) -> bool {
        let now = self.now();
        matches!(now.work, Work::Nothing) && now.used < since
    }

    pub(super) fn stop(&self) {
        match &mut self.now().work {
            Work::Nothing => {}
            Work::Beginning { stop } => *stop = true,
            Work::Running(stopper) => stopper.stop(),
        }
    }

    pub(super) fn try_take(&self) -> Option<Held<G>> {
        Arc::clone(&self.app).try_lock_owned().ok()
    }

    pub(super) async fn take(&self) -> Held<G> {
        Arc::clone(&self.app).lock_owned().await
    }

    /// A run has begun that can be stopped.
    fn running(&self, stopper: Stopper) {
        let mut now = self.now();
        if matches!(now.work, Work::Beginning { stop: true }) {
            stopper.stop();
        }
        now.work = Work::Running(stopper);
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
        let mut turn = self.turn(seat, terms.if_running).await?;
        self.ready(&mut turn, terms.existence).await?;
        // another process may have opened the session since: then it is opened anew, once
        for _ in 0..2 {
            match self.try_begin(turn, begin, terms.if_unfinished).await? {
                Ok(before) => return Ok(before),
                Err((RunError::Log { source: LogError::Fenced { .. }, .. }, again)) => {
                    turn = again;
                    self.ready(&mut turn, Existence::Existing).await?;
                }
                Err((error, _)) => return Err(error.into()),
            }
        }
        Err(Problem::conflict("fenced", "another process has the session: try again"))
    }

    /// Waits for a turn, or not.
    pub(super) async fn turn(
        &self,
        seat: &Arc<Seat<G>>,
        if_running: IfRunning,
    ) -> Result<Turn<G>, Problem> {
        if let Some(app) = seat.try_take() {
            return Ok(Turn::new(seat, app));
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
        Ok(Turn::new(seat, seat.take().await))
    }

    /// Whether the log has the end of the last run.
    async fn is_over(&self, session: &SessionId) -> Result<bool, Problem> {
        Ok(self.last_told(session).await?.0.is_some_and(|event| event.is_terminal()))
    }

    /// Where the log ends with a run that nobody goes on with: it died with its process, or could not
    /// write any more.
    pub(crate) async fn interrupted(&self, session: &SessionId) -> Result<Option<Offset>, Problem> {
        // before the log is read, so that it has the end of what is not under way, and afterwards, so
        // that what has begun meanwhile is
        if self.is_running(session) {
            return Ok(None);
        }
        let (last, next) = self.last_told(session).await?;
        let stands = match last {
            None | Some(Event::SessionReopened { .. }) => false,
            Some(event) => !event.is_terminal(),
        };
        Ok(Some(next).filter(|_| stands && !self.is_running(session)))
    }

    /// The last event of a session, and where its log ends.
    async fn last_told(&self, session: &SessionId) -> Result<(Option<Event>, Offset), Problem> {
        let next = match self.log.info(session).await {
            Err(LogError::NoSession { .. }) => return Ok((None, Offset::ZERO)),
            info => info?.next,
        };
        // a snapshot may stand behind it
        let from = Offset(next.0.saturating_sub(2));
        for record in self.log.read(session, from, 2).await?.iter().rev() {
            if let Some(told) = tell::<G>(record.entry(session)?, &Plainly) {
                return Ok((Some(told.event), next));
            }
        }
        Ok((None, next))
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
                *turn.app = Some((self.opening)(session, existence).await?);
                Ok(())
            }
        }
    }

    /// Begins a run of an open session; gives the turn back if it did not begin.
    async fn try_begin(
        self: &Arc<Self>,
        mut turn: Turn<G>,
        begin: &Begin<G>,
        if_unfinished: IfUnfinished,
    ) -> Result<Result<Cursor, (RunError, Turn<G>)>, Problem> {
        let session = turn.session().clone();
        let inputs = match begin {
            Begin::Run(inputs) => Some(inputs()?),
            Begin::Resume => None,
        };
        let before = match turn.app.as_ref().and_then(App::cursor) {
            Some(cursor) => cursor,
            None => self.last(&session).await?,
        };
        let follow = follow(&self.log, &session, Some(before)).await?;
        let (ended, mut end) = oneshot::channel();
        let hub = Arc::clone(self);
        let run = async move {
            let result = hub.run(&mut turn, inputs, if_unfinished).await;
            if let Err(error) = &result {
                let (session, error) = (turn.session(), crate::problem::chain(error));
                tracing::warn!(%session, error, "a run failed");
            }
            let lost = match &result {
                Err(RunError::Log { source, .. }) => !matches!(source, LogError::Fenced { .. }),
                Err(RunError::Restore(_)) => true,
                _ => false,
            };
            if matches!(&result, Err(RunError::Log { .. } | RunError::Restore(_))) {
                // an app that is fenced off is of no use; the next one reads the session
                *turn.app = None;
            }
            let session = turn.session().clone();
            drop(ended.send((result, turn)));
            if lost {
                // the log does not
                hub.readers.tell_interrupted(&session);
            }
        };
        self.runs.spawn(run);
        // the run has begun when its first entry says so, or it has failed before
        select! {
            biased;
            seen = begins(follow, session) => seen.map(|()| Ok(before)),
            Ok((Err(error), turn)) = &mut end => Ok(Err((error, turn))),
            else => Ok(Ok(before)),
        }
    }

    /// Drives a run to its end; without inputs, the unfinished one.
    async fn run(
        &self,
        turn: &mut Turn<G>,
        inputs: Option<G::Inputs>,
        if_unfinished: IfUnfinished,
    ) -> Result<(), RunError> {
        let Turn { at_work, app } = turn;
        let Some(app) = app.as_mut() else { return Ok(()) };
        let unfinished = matches!(app.position(), Position::Unfinished(_));
        let mut run = match inputs {
            Some(inputs) if unfinished && if_unfinished == IfUnfinished::Restart => {
                app.restart(inputs)
            }
            Some(inputs) => app.run(inputs),
            None => app.resume(),
        };
        let stopper = run.stopper();
        at_work.0.running(stopper.clone());
        if self.closing.is_cancelled() {
            stopper.stop();
        }
        let ended = timeout(self.limits.run_time, drain(&mut run)).await;
        if ended.is_err() {
            stopper.stop();
            drain(&mut run).await;
        }
        run.finish().await.map(drop)?;
        drop(run);
        // who reads that no run is under way reads in the log how the last one ended
        app.flush().await
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

/// Whose turn it is with a session.
pub(super) struct Turn<G: Graph> {
    // first, so that the next one who has a turn finds nothing that is under way
    at_work: AtWork<G>,
    pub(super) app: Held<G>,
}

impl<G: Graph> Turn<G> {
    fn new(seat: &Arc<Seat<G>>, app: Held<G>) -> Self {
        seat.now().work = Work::Beginning { stop: false };
        Self { at_work: AtWork(Arc::clone(seat)), app }
    }

    fn session(&self) -> &SessionId {
        self.at_work.0.session()
    }
}

/// A run begins or is under way until this is dropped.
struct AtWork<G: Graph>(Arc<Seat<G>>);

impl<G: Graph> Drop for AtWork<G> {
    fn drop(&mut self) {
        *self.0.now() = Now { work: Work::Nothing, used: Instant::now() };
    }
}
