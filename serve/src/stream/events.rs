//! The events of a session as a stream: from the log, then live, until a run is over or for ever.

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

/// When a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// When the server or the reader ends it.
    Forever,
    /// With the end of a run.
    Run,
}

/// What the stream has emitted, as far as it bears on the next event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Emitted {
    /// Nothing yet, or a run to its end.
    NoRun,
    /// A run that is not over.
    PartOfRun,
}

/// Asks where the log ends with a run that no task continues.
pub(crate) type Interrupted = Box<dyn Fn() -> Asking + Send + Sync>;

type Asking = Pin<Box<dyn Future<Output = Result<Option<Offset>, SessionError>> + Send>>;

/// A stream of the events of a served session: first from the log, then live, without a gap and without a
/// repeat.
///
/// [`SessionHandle::follow`](crate::SessionHandle::follow) returns one that never ends on its own, and
/// [`RunHandle::follow`](crate::RunHandle::follow) one that ends with the run. An error is its last item; follow
/// again from the [`cursor`](SessionEvent::cursor) of the last event.
///
/// It needs no runtime of its own, and nothing waits for it: a slow reader reads from the log.
///
/// # Cancel safety
/// Dropping it changes nothing: a run continues without readers.
#[must_use = "a stream does nothing unless it is polled"]
pub struct SessionEvents {
    session: SessionId,
    follow: Follow,
    /// Where the reader is.
    next: Offset,
    projector: Projector,
    until: Until,
    emitted: Emitted,
    /// Ready when a run is over, or the server shuts down.
    turn_over: Pin<Box<WaitForCancellationFutureOwned>>,
    closing: CancellationToken,
    /// The reader waits for the end of a run.
    waits: bool,
    /// A run is over, and the log may not say so.
    doubts: bool,
    interrupted: Interrupted,
    asking: Option<Asking>,
    /// Where the log ends with a run that was interrupted.
    end: Option<Offset>,
    over: bool,
    reader: Reader,
}

/// What a stream is made of.
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
            turn_over: Box::pin(reader.over().cancelled_owned()),
            closing,
            waits: until_run,
            // it may have been interrupted before
            doubts: until_run,
            interrupted,
            asking: None,
            end: None,
            over: false,
            reader,
        }
    }

    /// Returns the next event; `None` at the end of the stream.
    ///
    /// # Errors
    /// Returns the error that ends the stream, as its last item: [`SessionError::Interrupted`] where the log has
    /// no end of the run and no task continues it, [`SessionError::Deleted`], [`SessionError::Trimmed`],
    /// [`SessionError::ShuttingDown`], or an error of the log.
    ///
    /// # Cancel safety
    /// Loses nothing when dropped.
    pub async fn next(&mut self) -> Option<Result<SessionEvent, SessionError>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Returns whether the server shuts down.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<SessionEvent, SessionError>> {
        loop {
            if self.end.is_some_and(|end| self.next >= end) {
                return Poll::Ready(Err(SessionError::Interrupted));
            }
            match Pin::new(&mut self.follow).poll_next(cx) {
                Poll::Pending => ready!(self.poll_interrupted(cx))?,
                Poll::Ready(Some(Ok(Followed::Record(record)))) => {
                    if let Some(event) = self.take(&record)? {
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
                // it ends after an error alone
                Poll::Ready(None) => return Poll::Ready(Err(SessionError::Interrupted)),
            }
        }
    }

    /// At the end of what there is: whether the run that the reader waits for is one that no task continues.
    /// Ready when it is, and then the reader receives what the log has of it.
    fn poll_interrupted(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SessionError>> {
        if self.closing.is_cancelled() {
            return Poll::Ready(Err(SessionError::ShuttingDown));
        }
        if self.turn_over.as_mut().poll(cx).is_ready() {
            // for what comes after
            self.turn_over = Box::pin(self.reader.over().cancelled_owned());
            self.doubts = true;
            cx.waker().wake_by_ref();
        }
        if self.asking.is_none() && self.waits && std::mem::take(&mut self.doubts) {
            self.asking = Some((self.interrupted)());
        }
        let Some(asking) = &mut self.asking else { return Poll::Pending };
        let answer = ready!(asking.as_mut().poll(cx));
        self.asking = None;
        self.end = answer?;
        if self.end.is_some() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Returns the event of a record, unless it concerns the log alone.
    fn take(&mut self, record: &Record) -> Result<Option<SessionEvent>, SessionError> {
        let entry = record.entry(&self.session).map_err(error_of)?;
        self.next = record.offset.plus(1);
        let Some(projected) = self.projector.project(record.cursor(), entry) else {
            return Ok(None);
        };
        let event = &projected.event;
        let starts = matches!(event, Event::RunStarted { .. });
        if self.until == Until::Run && self.emitted == Emitted::PartOfRun && starts {
            // another run, which another process may have started: this one ended without an entry
            return Err(SessionError::Interrupted);
        }
        let terminal = event.is_terminal();
        self.over = self.until == Until::Run && terminal;
        self.waits = !terminal;
        self.emitted = if terminal || matches!(event, Event::SessionReopened { .. }) {
            Emitted::NoRun
        } else {
            Emitted::PartOfRun
        };
        if event.is_beginning() {
            self.end = None;
        }
        Ok(Some(projected))
    }
}

/// The session was there when the stream was opened.
fn error_of(error: LogError) -> SessionError {
    match error.into() {
        SessionError::NotFound { session } => SessionError::Deleted { session },
        error => error,
    }
}

impl Stream for SessionEvents {
    type Item = Result<SessionEvent, SessionError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        let event = ready!(self.poll_event(cx));
        if event.is_err() {
            self.over = true;
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
