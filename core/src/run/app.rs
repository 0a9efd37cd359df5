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
    log::{
        Claim, Cursor, Epoch, History, Log, LogError, Offset, RawSessionView, SessionId, Time,
        Writer,
    },
    progress::Progress,
    stream::SlotReceiver,
    sync::Mutex,
};
use std::{fmt, future::poll_fn, sync::Arc, time::Duration};

/// A session that is open for writing: a graph, the committed state, a position and an id.
///
/// A run borrows it mutably, so two runs of one app cannot overlap.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// use burdock::Position;
///
/// let mut app = Cafe::app().id("table-7").build().await?;
/// assert_eq!(app.position(), Position::Rest(CafeNode::brew));
///
/// app.run(CafeInputs { cups: 2 }).await?; // brews the cups, then takes the payment
/// assert_eq!(*app.state(), Bill { cups: 2, paid: 4 });
/// assert_eq!(app.position(), Position::Rest(CafeNode::brew)); // where the next run starts
/// # Ok(()) }
/// ```
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

    /// Returns the id of the session in the log; `None` without a log.
    pub fn session_id(&self) -> Option<&SessionId> {
        self.session.journal.writer().map(Writer::session)
    }

    /// The state as of the last commit.
    pub fn state(&self) -> &G::State {
        &self.session.state
    }

    /// The position of the session.
    pub fn position(&self) -> Position<G::Node> {
        self.session.progress.position
    }

    /// Returns the node at which the unfinished run started, and where [`restart`](Self::restart) starts again;
    /// `None` unless the position is [`Position::Unfinished`].
    pub fn origin(&self) -> Option<G::Node> {
        self.session.origin()
    }

    /// Starts a run at the node where the last run paused, or at the start of the graph.
    ///
    /// Inputs are never silently ignored: if the last run is unfinished, the run fails with
    /// [`RunErrorKind::Unfinished`](crate::RunErrorKind::Unfinished), and if the session has ended, with
    /// [`RunErrorKind::Ended`](crate::RunErrorKind::Ended).
    pub fn run(&mut self, inputs: G::Inputs) -> Run<'_, G> {
        Run::new(self, Start::Run(inputs))
    }

    /// Continues an unfinished run with its original inputs.
    ///
    /// The step at the position runs again; the items that it has shown are superseded.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// use burdock::Position;
    ///
    /// let mut app = Cafe::app().build().await?;
    /// let mut run = app.run(CafeInputs { cups: 2 });
    /// assert_eq!(run.next().await.unwrap()?, "cup 1");
    /// drop(run); // for example because a client has disconnected
    ///
    /// assert_eq!(app.position(), Position::Unfinished(CafeNode::brew));
    /// let end = app.resume().await?; // brews the two cups again
    /// assert_eq!(*end.state(), Bill { cups: 2, paid: 4 });
    /// # Ok(()) }
    /// ```
    pub fn resume(&mut self) -> Run<'_, G> {
        Run::new(self, Start::Resume)
    }

    /// Starts an unfinished run again, at the node where it started and with new inputs. The committed state is
    /// kept.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// let mut app = Cafe::app().build().await?;
    /// app.run(CafeInputs { cups: 3 }).halt_before(CafeNode::pay).await?;
    /// assert_eq!(app.origin(), Some(CafeNode::brew));
    ///
    /// // not paid yet: back to `brew` with another order, and the three cups are kept
    /// app.restart(CafeInputs { cups: 1 }).await?;
    /// assert_eq!(*app.state(), Bill { cups: 4, paid: 8 });
    /// # Ok(()) }
    /// ```
    pub fn restart(&mut self, inputs: G::Inputs) -> Run<'_, G> {
        Run::new(self, Start::Restart(inputs))
    }

    /// Returns the cursor of the session's last entry in the log.
    ///
    /// Returns `None` without a log. After a failed append, it also returns `None` until the next operation has
    /// read the session from the log again.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// # use burdock::log::{self, Followed, Log, MemoryLog, SessionId};
    /// # use std::sync::Arc;
    /// # let (log, session): (Arc<dyn Log>, _) = (Arc::new(MemoryLog::new()), SessionId::new("table-7")?);
    /// # let mut app = Cafe::app().id("table-7").log(Arc::clone(&log)).build().await?;
    /// // a reader that has the state continues from this cursor
    /// let (bill, cursor) = (app.state().clone(), app.cursor());
    /// app.run(CafeInputs { cups: 2 }).await?;
    ///
    /// let mut news = log::follow(&log, &session, cursor).await?;
    /// let Some(Followed::Record(first)) = news.next().await.transpose()? else { unreachable!() };
    /// assert_eq!(first.entry(&session)?.kind.name(), "run_started");
    /// # assert_eq!(bill.cups, 0);
    /// # Ok(()) }
    /// ```
    pub fn cursor(&self) -> Option<Cursor> {
        self.session.journal.cursor()
    }

    /// Returns the epoch of this writer; `None` without a log. Each later opening of the session has a greater
    /// epoch.
    pub fn epoch(&self) -> Option<Epoch> {
        Some(self.session.journal.writer()?.epoch())
    }

    /// Returns a view of the session after the entry at `offset`.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// # use burdock::log::MemoryLog;
    /// let mut app = Cafe::app().log(MemoryLog::new()).build().await?;
    /// let first = app.run(CafeInputs { cups: 1 }).await?.offset().unwrap();
    /// app.run(CafeInputs { cups: 2 }).await?;
    ///
    /// let past = app.at(first).await?;
    /// assert_eq!(past.state, Bill { cups: 1, paid: 2 });
    /// assert_eq!(*app.state(), Bill { cups: 3, paid: 6 });
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns a [`ReadError`]. Nothing is changed.
    pub async fn at(&self, offset: Offset) -> Result<SessionView<G>, ReadError> {
        let (log, session) = self.log_and_session()?;
        SessionView::at(log, session, offset).await
    }

    /// Returns the committed steps of the session, from the first one that the log still has.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// # use burdock::log::MemoryLog;
    /// let mut app = Cafe::app().log(MemoryLog::new()).build().await?;
    /// app.run(CafeInputs { cups: 2 }).await?;
    ///
    /// let (mut history, mut cups) = (app.history()?, Vec::new());
    /// while let Some(step) = history.next().await? {
    ///     cups.push((step.node, app.at(step.offset).await?.state.cups));
    /// }
    /// assert_eq!(cups, [("brew".into(), 2), ("pay".into(), 2)]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns [`ReadError::NoLog`] without a log.
    pub fn history(&self) -> Result<History, ReadError> {
        let (log, session) = self.log_and_session()?;
        Ok(History::of(log, session))
    }

    /// Forks the session: opens a new session that starts as a copy of this one after the entry at `offset`.
    ///
    /// The returned app has this app's resources, runtime, grace period and durability, and no observers.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// # use burdock::log::MemoryLog;
    /// let mut app = Cafe::app().id("table-7").log(MemoryLog::new()).build().await?;
    /// let first = app.run(CafeInputs { cups: 1 }).await?.offset().unwrap();
    /// app.run(CafeInputs { cups: 5 }).await?;
    ///
    /// // the same table, if its second order had been smaller
    /// let mut fork = app.fork(first, "table-7b").await?;
    /// fork.run(CafeInputs { cups: 2 }).await?;
    /// assert_eq!((fork.state().cups, app.state().cups), (3, 6));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns a [`BuildError`]. It contains [`LogError::SessionExists`](crate::log::LogError::SessionExists) if
    /// the id is taken.
    pub async fn fork(&self, offset: Offset, id: impl Into<String>) -> Result<Self, BuildError> {
        let (log, session) = self.log_and_session()?;
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
            child: None,
        }
        .open()
        .await
    }

    fn log_and_session(&self) -> Result<(&Arc<dyn Log>, &SessionId), ReadError> {
        let writer = self.session.journal.writer().ok_or(ReadError::NoLog)?;
        Ok((writer.log(), writer.session()))
    }

    /// Moves a session that has ended back to its start. The state is kept.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// use burdock::RunErrorKind;
    ///
    /// let mut app = Cafe::app().build().await?;
    /// app.run(CafeInputs { cups: 10 }).await?; // the session ends after ten cups
    /// let error = app.run(CafeInputs { cups: 1 }).await.unwrap_err();
    /// assert!(matches!(error.kind(), RunErrorKind::Ended));
    ///
    /// app.reopen()?;
    /// app.run(CafeInputs { cups: 1 }).await?;
    /// assert_eq!(app.state().cups, 11);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns [`RunErrorKind::NotEnded`](crate::RunErrorKind::NotEnded) if the session has not ended, and
    /// [`RunErrorKind::Log`](crate::RunErrorKind::Log) if the log has not stored earlier entries.
    pub fn reopen(&mut self) -> Result<(), RunError> {
        self.session.reopen()
    }

    /// Waits until the log has all entries.
    ///
    /// Without it, [`Durability::Batch`](crate::log::Durability::Batch) writes entries later. Until then,
    /// [`at`](Self::at), [`history`](Self::history), [`fork`](Self::fork) and readers of the log do not find them.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// # use burdock::log::{Durability, MemoryLog};
    /// # use std::time::Duration;
    /// let batch = Durability::Batch(Duration::from_secs(1));
    /// let mut app = Cafe::app().log(MemoryLog::new()).durability(batch).build().await?;
    /// app.run(CafeInputs { cups: 2 }).await?;
    ///
    /// app.flush().await?;
    /// assert_eq!(app.history()?.next().await?.unwrap().node, "brew");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns [`RunErrorKind::Log`](crate::RunErrorKind::Log).
    ///
    /// # Cancel safety
    /// Dropping the future does not undo anything.
    pub async fn flush(&mut self) -> Result<(), RunError> {
        let flushed = self.session.journal.flush().await;
        flushed.map_err(|error| self.session.log_error(error))
    }

    /// Closes the session and returns its state.
    ///
    /// Waits for the threads of blocking actions, and until the log has all entries.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// let mut app = Cafe::app().build().await?;
    /// app.run(CafeInputs { cups: 2 }).await?;
    /// let bill = app.close().await?;
    /// assert_eq!(bill, Bill { cups: 2, paid: 4 });
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns [`RunErrorKind::Log`](crate::RunErrorKind::Log). Entries that were not durable are lost.
    ///
    /// # Cancel safety
    /// If the future is dropped, the threads end on their own.
    pub async fn close(mut self) -> Result<G::State, RunError> {
        let threads = &self.session.context.threads;
        poll_fn(|cx| threads.poll_idle(cx)).await;
        self.session.recover().await?;
        let closed = self.session.journal.close().await;
        closed.map_err(|error| self.session.log_error(error))?;
        Ok(self.session.state)
    }
}

/// A read-only copy of a session after an entry of its log, in the types of a graph.
///
/// [`RawSessionView`] is the same view in JSON, for programs without the graph. The log does not store views: it
/// stores a [`Snapshot`](crate::log::Snapshot) at some entries, and a view is computed from the last snapshot and
/// the entries after it.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// # use burdock::{Position, log::{Log, MemoryLog, SessionId}};
/// # use std::sync::Arc;
/// use burdock::run::SessionView;
///
/// # let (log, session): (Arc<dyn Log>, _) = (Arc::new(MemoryLog::new()), SessionId::new("table-7")?);
/// let mut app = Cafe::app().id("table-7").log(Arc::clone(&log)).build().await?;
/// app.run(CafeInputs { cups: 2 }).await?;
///
/// // in any process that has the log, and without disturbing the writer
/// let view = SessionView::<Cafe>::latest(&log, &session).await?;
/// assert_eq!(view.state, Bill { cups: 2, paid: 4 });
/// assert_eq!((view.position, view.run, view.step), (Position::Rest(CafeNode::brew), 1, 2));
/// # Ok(()) }
/// ```
#[non_exhaustive]
pub struct SessionView<G: Graph> {
    /// The cursor of the entry.
    pub cursor: Cursor,
    /// The time of the entry.
    pub time: Time,
    /// The cursor of the last entry, up to and including this one, that changed the committed state or the
    /// position; see [`RawSessionView::moved`].
    pub moved: Cursor,
    /// The cursor of the entry before the last run; see [`RawSessionView::before_run`].
    pub before_run: Option<Cursor>,
    /// The committed state.
    pub state: G::State,
    /// The position.
    pub position: Position<G::Node>,
    /// The number of committed steps.
    pub step: u64,
    /// The number of runs that were started.
    pub run: u64,
}

impl<G: Graph> SessionView<G> {
    /// Reads a session after the entry at `offset`, without opening it.
    ///
    /// # Errors
    /// Returns a [`ReadError`].
    pub async fn at(
        log: &Arc<dyn Log>,
        session: &SessionId,
        offset: Offset,
    ) -> Result<Self, ReadError> {
        Self::of(session, RawSessionView::at(log, session, offset).await?)
    }

    /// Reads a session as of its last entry, without opening it.
    ///
    /// # Errors
    /// Returns a [`ReadError`].
    pub async fn latest(log: &Arc<dyn Log>, session: &SessionId) -> Result<Self, ReadError> {
        Self::of(session, RawSessionView::latest(log, session).await?)
    }

    fn of(session: &SessionId, view: RawSessionView) -> Result<Self, ReadError> {
        let cursor = view.cursor();
        let RawSessionView { time, moved, before_run, .. } = view;
        let restored = Restored::<G>::from_snapshot(session.as_str(), view.snapshot)?;
        let Restored { state, progress, .. } = restored;
        let Progress { position, step, run, .. } = progress;
        Ok(Self { cursor, time, moved, before_run, state, position, step, run })
    }
}

impl<G: Graph> fmt::Debug for SessionView<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionView")
            .field("cursor", &self.cursor)
            .field("position", &self.position)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

/// The error of reading or opening a session.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The app has no log.
    #[error("the app has no log: set one with `.log(…)`")]
    NoLog,
    /// The log could not be read or opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The contents of the log do not fit the graph.
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
