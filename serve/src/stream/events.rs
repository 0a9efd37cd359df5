//! The events of a session as a stream: first from the log, then live, until a run is over or indefinitely.

use crate::{
    error::SessionError,
    event::{Event, Projector, SessionEvent},
    hub::Reader,
};
use burdock::log::{Cursor, Follow, Followed, LogError, Offset, Record, SessionId};
use futures_core::Stream;
use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// The condition that ends a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// The server or the reader ends the stream.
    Forever,
    /// The stream ends with the end of a run.
    Run,
}

/// The part of a run that the stream has emitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Emitted {
    /// No event yet, or only complete runs.
    NoRun,
    /// A run without its end.
    PartOfRun,
}

/// A function that returns the end of the log if the last run in it was interrupted; see `Hub::interrupted`.
pub(crate) type Interrupted = Box<dyn Fn() -> Checking + Send + Sync>;

/// The future that an [`Interrupted`] returns.
type Checking = Pin<Box<dyn Future<Output = Result<Option<Offset>, SessionError>> + Send>>;

/// A stream of the events of a served session: first from the log, then live, without gaps or repeats.
///
/// [`SessionHandle::follow`](crate::SessionHandle::follow) returns one that never ends on its own, and
/// [`RunHandle::follow`](crate::RunHandle::follow) one that ends with the run. An error is its last item; follow
/// again from the [`cursor`](SessionEvent::cursor) of the last event.
///
/// It can be polled under any executor that the log supports. It does not slow down the run: a slow reader reads
/// from the log.
///
/// # Cancel safety
/// Dropping it has no effect on the session: a run continues without readers.
#[must_use = "a stream does nothing unless it is polled"]
pub struct SessionEvents {
    session: SessionId,
    follow: Follow,
    /// The offset of the next entry.
    next: Offset,
    projector: Projector,
    until: Until,
    emitted: Emitted,
    /// Completes when a run is over, or the server shuts down.
    run_over: Pin<Box<WaitForCancellationFutureOwned>>,
    closing: CancellationToken,
    /// Whether the reader waits for the end of a run.
    waits_for_end: bool,
    /// Whether a check is due, because a run may be over without an end in the log.
    check_due: bool,
    interrupted: Interrupted,
    /// The check in progress.
    checking: Option<Checking>,
    /// The end of the log, if the last run in it was interrupted.
    interrupted_at: Option<Offset>,
    done: bool,
    reader: Reader,
}

/// The parts of a new stream.
pub(crate) struct Parts {
    pub(crate) session: SessionId,
    pub(crate) follow: Follow,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) projector: Projector,
    pub(crate) until: Until,
    pub(crate) interrupted: Interrupted,
    pub(crate) closing: CancellationToken,
    pub(crate) reader: Reader,
}

impl SessionEvents {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { session, follow, cursor, projector, until, .. } = parts;
        let Parts { interrupted, closing, reader, .. } = parts;
        let until_run = until == Until::Run;
        Self {
            session,
            follow,
            next: cursor.map_or(Offset::ZERO, |cursor| cursor.offset.plus(1)),
            projector,
            until,
            emitted: Emitted::NoRun,
            run_over: Box::pin(reader.run_over().cancelled_owned()),
            closing,
            waits_for_end: until_run,
            // the run may have been interrupted before the stream was opened
            check_due: until_run,
            interrupted,
            checking: None,
            interrupted_at: None,
            done: false,
            reader,
        }
    }

    /// Returns the next event; `None` at the end of the stream.
    ///
    /// # Errors
    /// Returns the error that ends the stream, as its last item: [`SessionError::Interrupted`] if the log has no
    /// end of the run and no task continues it, [`SessionError::Deleted`], [`SessionError::Trimmed`],
    /// [`SessionError::ShuttingDown`], or an error of the log.
    ///
    /// # Cancel safety
    /// Dropping the future loses no event.
    pub async fn next(&mut self) -> Option<Result<SessionEvent, SessionError>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Returns whether the server is shutting down.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<SessionEvent, SessionError>> {
        loop {
            if self.interrupted_at.is_some_and(|end| self.next >= end) {
                return Poll::Ready(Err(SessionError::Interrupted));
            }
            match Pin::new(&mut self.follow).poll_next(cx) {
                Poll::Pending => ready!(self.poll_interrupted(cx))?,
                Poll::Ready(Some(Ok(Followed::Record(record)))) => {
                    if let Some(event) = self.project(&record)? {
                        return Poll::Ready(Ok(event));
                    }
                }
                Poll::Ready(Some(Ok(Followed::Rewound { to }))) => {
                    self.next = to.map_or(Offset::ZERO, |to| to.offset.plus(1));
                    self.projector.rewind();
                    let event = Event::rewound(to);
                    return Poll::Ready(Ok(SessionEvent { cursor: to, event, at: None }));
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error_of(error))),
                // ends only after an error
                Poll::Ready(None) => return Poll::Ready(Err(SessionError::Interrupted)),
            }
        }
    }

    /// At the end of the log, checks whether the run that the reader waits for was interrupted. Completes if it was:
    /// the reader then receives the remaining entries of the run.
    fn poll_interrupted(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SessionError>> {
        if self.closing.is_cancelled() {
            return Poll::Ready(Err(SessionError::ShuttingDown));
        }
        if self.run_over.as_mut().poll(cx).is_ready() {
            // a new token for the next run
            self.run_over = Box::pin(self.reader.run_over().cancelled_owned());
            self.check_due = true;
            cx.waker().wake_by_ref();
        }
        if self.checking.is_none() && self.waits_for_end && std::mem::take(&mut self.check_due) {
            self.checking = Some((self.interrupted)());
        }
        let Some(checking) = &mut self.checking else { return Poll::Pending };
        let checked = ready!(checking.as_mut().poll(cx));
        self.checking = None;
        self.interrupted_at = checked?;
        if self.interrupted_at.is_some() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Returns the event of a record; `None` for records that are internal to the log.
    fn project(&mut self, record: &Record) -> Result<Option<SessionEvent>, SessionError> {
        let entry = record.entry(&self.session).map_err(error_of)?;
        self.next = record.offset.plus(1);
        let Some(projected) = self.projector.project(record.cursor(), entry) else {
            return Ok(None);
        };
        let event = &projected.event;
        let starts = matches!(event, Event::RunStarted { .. });
        if self.until == Until::Run && self.emitted == Emitted::PartOfRun && starts {
            // this run is that of another process: the one before it ended without an entry
            return Err(SessionError::Interrupted);
        }
        let terminal = event.is_terminal();
        self.done = self.until == Until::Run && terminal;
        self.waits_for_end = !terminal;
        self.emitted = if terminal || matches!(event, Event::SessionReopened { .. }) {
            Emitted::NoRun
        } else {
            Emitted::PartOfRun
        };
        if event.is_start() {
            self.interrupted_at = None;
        }
        Ok(Some(projected))
    }
}

/// Converts an error of the log. The session existed when the stream was opened, so a missing one was deleted.
fn error_of(error: LogError) -> SessionError {
    match error.into() {
        SessionError::NotFound { session } => SessionError::Deleted { session },
        error => error,
    }
}

impl Stream for SessionEvents {
    type Item = Result<SessionEvent, SessionError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.done {
            return Poll::Ready(None);
        }
        let event = ready!(self.poll_event(cx));
        if event.is_err() {
            self.done = true;
        }
        Poll::Ready(Some(event))
    }
}

impl fmt::Debug for SessionEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionEvents")
            .field("session", &self.session)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
