//! An app: a session that is open for writing.

use super::{
    BuildError, Position, RestoreError, Run, RunError,
    builder::Parts,
    restore::Restored,
    session::{Session, Start},
};
use crate::{
    event::Published,
    graph::Graph,
    log::{Claim, Cursor, Epoch, History, Log, LogError, Moment, Offset, SessionId, Time, Writer},
    progress::Progress,
    stream::SlotReceiver,
    sync::Mutex,
};
use std::{fmt, future::poll_fn, sync::Arc, time::Duration};

/// A session that is open for writing: a graph, the committed state, the position, and an id.
///
/// A run borrows it mutably, so two runs of one app cannot overlap.
pub struct App<G: Graph> {
    pub(super) session: Session<G>,
    /// The consumer's end of the one-item slot; see `Session::sender` for the lock.
    pub(super) receiver: Mutex<SlotReceiver<Published<G>>>,
    pub(super) grace_period: Duration,
}

impl<G: Graph> App<G> {
    /// The id of the session.
    pub fn id(&self) -> &str {
        &self.session.context.session
    }

    /// Returns the id by which the log knows the session, for calls to the log; `None` without a log.
    pub fn session_id(&self) -> Option<&SessionId> {
        self.session.journal.writer().map(Writer::session)
    }

    /// The state as of the last commit.
    pub fn state(&self) -> &G::State {
        &self.session.state
    }

    /// Where the session is.
    pub fn position(&self) -> Position<G::Node> {
        self.session.progress.position
    }

    /// The node at which the unfinished run started, where [`restart`](Self::restart) begins again; `None`
    /// unless the position is [`Position::Unfinished`].
    pub fn origin(&self) -> Option<G::Node> {
        self.session.origin()
    }

    /// Begins a run where the last one paused, or at the start.
    ///
    /// No input is ever ignored: on an app whose last run is unfinished, it ends with
    /// [`RunErrorKind::Unfinished`](crate::RunErrorKind::Unfinished), on one that has ended with
    /// [`RunErrorKind::Ended`](crate::RunErrorKind::Ended).
    pub fn run(&mut self, inputs: G::Inputs) -> Run<'_, G> {
        Run::new(self, Start::Run(inputs))
    }

    /// Goes on with an unfinished run, with the inputs that it was given.
    ///
    /// The step at the position runs again; what it had shown is superseded.
    pub fn resume(&mut self) -> Run<'_, G> {
        Run::new(self, Start::Resume)
    }

    /// Goes back to where an unfinished run began, keeps the committed state, and runs with new
    /// inputs.
    pub fn restart(&mut self, inputs: G::Inputs) -> Run<'_, G> {
        Run::new(self, Start::Restart(inputs))
    }

    /// The session's last entry in the log, whoever wrote it; `None` without one, and after an append
    /// that failed until the next operation reads the session back.
    pub fn cursor(&self) -> Option<Cursor> {
        self.session.journal.cursor()
    }

    /// Under which epoch the app writes; `None` without a log. Who opens the session later has a
    /// greater one.
    pub fn epoch(&self) -> Option<Epoch> {
        Some(self.session.journal.writer()?.epoch())
    }

    /// The state and the position as they were after an entry of the log.
    ///
    /// # Errors
    /// [`ReadError`]; nothing is changed.
    pub async fn at(&self, offset: Offset) -> Result<View<G>, ReadError> {
        let (log, session) = self.recorded()?;
        View::at(log, session, offset).await
    }

    /// The committed steps of the session, from the first one that the log still has.
    ///
    /// # Errors
    /// [`ReadError::NoLog`].
    pub fn history(&self) -> Result<History, ReadError> {
        let (log, session) = self.recorded()?;
        Ok(History::of(log, session))
    }

    /// Opens a new session that goes on from what this one was after an entry of its log.
    ///
    /// It has this app's resources, runtime, grace period and durability, and no observers.
    ///
    /// # Errors
    /// [`BuildError`]; [`LogError::SessionExists`](crate::log::LogError::SessionExists) for an id
    /// that is taken.
    pub async fn fork(&self, offset: Offset, id: impl Into<String>) -> Result<Self, BuildError> {
        let (log, session) = self.recorded()?;
        let id = id.into();
        let fork = SessionId::new(id.as_str()).map_err(ReadError::from)?;
        crate::log::fork(log, session, offset, &fork).await.map_err(ReadError::from)?;
        let journal = &self.session.journal;
        Parts {
            id: Some(id),
            state: self.session.state.clone(),
            position: Position::Rest(G::START),
            resources: Arc::clone(&self.session.resources),
            runtime: Some(Arc::clone(&self.session.context.runtime)),
            observers: Vec::new(),
            grace_period: self.grace_period,
            log: journal.encode().map(|encode| (Arc::clone(log), encode)),
            claim: Claim::default(),
            durability: journal.writer().map(Writer::durability).unwrap_or_default(),
        }
        .open()
        .await
    }

    fn recorded(&self) -> Result<(&Arc<dyn Log>, &SessionId), ReadError> {
        let writer = self.session.journal.writer().ok_or(ReadError::NoLog)?;
        Ok((writer.log(), writer.session()))
    }

    /// Puts an app that has ended at its start; the state is kept.
    ///
    /// # Errors
    /// [`RunErrorKind::NotEnded`](crate::RunErrorKind::NotEnded) for any other position;
    /// [`RunErrorKind::Log`](crate::RunErrorKind::Log) when the log has not taken what happened before.
    pub fn reopen(&mut self) -> Result<(), RunError> {
        self.session.reopen()
    }

    /// Is ready when the log has everything that happened, for [`at`](Self::at),
    /// [`history`](Self::history), [`fork`](Self::fork) and readers of the log: under durability
    /// `Batch` that is later otherwise.
    ///
    /// # Errors
    /// [`RunErrorKind::Log`](crate::RunErrorKind::Log).
    ///
    /// # Cancel safety
    /// Dropping the future takes nothing back.
    pub async fn flush(&mut self) -> Result<(), RunError> {
        let flushed = self.session.journal.flush().await;
        flushed.map_err(|error| self.session.log_error(error))
    }

    /// Closes the session and gives its state; waits for the threads of blocking actions, and until
    /// the log has everything.
    ///
    /// # Errors
    /// [`RunErrorKind::Log`](crate::RunErrorKind::Log): what was not durable yet is lost.
    ///
    /// # Cancel safety
    /// Dropping the future leaves threads that end by themselves.
    pub async fn close(mut self) -> Result<G::State, RunError> {
        let threads = &self.session.context.threads;
        poll_fn(|cx| threads.poll_idle(cx)).await;
        self.session.recover().await?;
        let closed = self.session.journal.close().await;
        closed.map_err(|error| self.session.log_error(error))?;
        Ok(self.session.state)
    }
}

/// A session as it was after an entry of its log, in the types of a graph.
#[non_exhaustive]
pub struct View<G: Graph> {
    /// The entry.
    pub cursor: Cursor,
    /// When it was made.
    pub time: Time,
    /// The last entry up to there that moved the session; see [`Moment::moved`].
    pub moved: Cursor,
    /// The entry before the last run; see [`Moment::before_run`].
    pub before_run: Option<Cursor>,
    /// The committed state.
    pub state: G::State,
    /// Where the session was.
    pub position: Position<G::Node>,
    /// How many steps had been committed.
    pub step: u64,
    /// How many runs had been begun.
    pub run: u64,
}

impl<G: Graph> View<G> {
    /// Reads a session as it was after an entry, without opening it.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn at(
        log: &Arc<dyn Log>,
        session: &SessionId,
        offset: Offset,
    ) -> Result<Self, ReadError> {
        Self::of(session, Moment::at(log, session, offset).await?)
    }

    /// Reads a session as it is now, without opening it.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn latest(log: &Arc<dyn Log>, session: &SessionId) -> Result<Self, ReadError> {
        Self::of(session, Moment::latest(log, session).await?)
    }

    fn of(session: &SessionId, moment: Moment) -> Result<Self, ReadError> {
        let cursor = moment.cursor();
        let Moment { time, moved, before_run, .. } = moment;
        let restored = Restored::<G>::from_snapshot(session.as_str(), moment.snapshot)?;
        let Restored { state, progress, .. } = restored;
        let Progress { position, step, run, .. } = progress;
        Ok(Self { cursor, time, moved, before_run, state, position, step, run })
    }
}

impl<G: Graph> fmt::Debug for View<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("cursor", &self.cursor)
            .field("position", &self.position)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

/// Why a session could not be read from its log.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The app has no log.
    #[error("the app has no log: give it one with `.log(…)`")]
    NoLog,
    /// The log could not be read or opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// What it holds does not fit the graph.
    #[error(transparent)]
    Restore(#[from] RestoreError),
}

impl<G: Graph> fmt::Debug for App<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("graph", &G::TOPOLOGY.name)
            .field("id", &self.id())
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}
