//! A stream of the entries of a session that waits for new ones.

use super::{
    Epoch, Log, LogError, LogFuture, Offset, Record, SessionId, SessionInfo, identity::Identity,
};
use futures_core::Stream;
use std::{
    collections::VecDeque,
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// The number of entries per page.
const PAGE: usize = 256;

/// Returns a stream of the entries of a session from an offset on: first the stored ones, then new ones.
///
/// The stream never ends on its own; it ends after the first error. If the session is deleted, the error is
/// [`NoSession`](LogError::NoSession), even if a session with the same id has been created since, and however
/// slowly the stream is polled.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// # use burdock::log::{Log, MemoryLog, SessionId};
/// # use std::sync::Arc;
/// use burdock::log::{self, Offset};
///
/// # let (log, session): (Arc<dyn Log>, _) = (Arc::new(MemoryLog::new()), SessionId::new("table-7")?);
/// # let mut app = Cafe::app().id("table-7").log(Arc::clone(&log)).build().await?;
/// let mut tail = log::tail(&log, &session, Offset(1)); // entry 1 does not exist yet
/// let (record, end) = tokio::join!(tail.next(), app.run(CafeInputs { cups: 1 }).into_future());
/// assert_eq!(record.unwrap()?.entry(&session)?.kind.name(), "run_started");
/// # end?;
/// # Ok(()) }
/// ```
///
/// # Cancel safety
/// Dropping the stream between two entries loses nothing: another one continues from the next offset.
pub fn tail(log: &Arc<dyn Log>, session: &SessionId, from: Offset) -> Tail {
    Tail {
        log: Arc::clone(log),
        session: session.clone(),
        next: from,
        identity: None,
        page: VecDeque::new(),
        state: State::Idle,
    }
}

/// The stream that [`tail`] returns.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Tail {
    log: Arc<dyn Log>,
    session: SessionId,
    next: Offset,
    /// The session that it reads. `None` until the first read.
    identity: Option<Identity>,
    page: VecDeque<Record>,
    state: State,
}

enum State {
    Idle,
    Reading(LogFuture<Vec<Record>>),
    /// Checks whether a page that another epoch wrote belongs to the session that was read before.
    Checking(VecDeque<Record>, LogFuture<()>),
    /// Reads the epoch of the session, at the end of the log, if no entry was read before.
    Identifying(LogFuture<SessionInfo>),
    Waiting(LogFuture<()>),
    Over,
}

impl Tail {
    /// Restricts the tail to the session that has this epoch.
    pub(super) fn of(mut self, epoch: Epoch) -> Self {
        self.identify(epoch);
        self
    }

    /// Returns the next entry. Returns `None` only after an error.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Record, LogError>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    fn identify(&mut self, epoch: Epoch) {
        if self.identity.as_ref().is_none_or(|known| known.epoch() != epoch) {
            self.identity = Some(Identity::new(&self.log, &self.session, epoch));
        }
    }

    fn poll_record(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Record>, LogError>> {
        loop {
            if let Some(record) = self.page.pop_front() {
                self.next = record.offset.plus(1);
                self.identify(record.epoch);
                return Poll::Ready(Ok(Some(record)));
            }
            self.state = match &mut self.state {
                State::Idle => State::Reading(self.log.read(&self.session, self.next, PAGE)),
                State::Reading(reading) => {
                    let page = ready!(reading.as_mut().poll(cx))?;
                    self.after_page(page.into())
                }
                State::Checking(page, checking) => {
                    ready!(checking.as_mut().poll(cx))?;
                    self.page = mem::take(page);
                    State::Idle
                }
                State::Identifying(info) => {
                    let epoch = ready!(info.as_mut().poll(cx))?.epoch;
                    self.identify(epoch);
                    self.wait(epoch)
                }
                State::Waiting(waiting) => {
                    ready!(waiting.as_mut().poll(cx))?;
                    State::Idle
                }
                State::Over => return Poll::Ready(Ok(None)),
            };
        }
    }

    /// Returns the state after a page was read.
    fn after_page(&mut self, page: VecDeque<Record>) -> State {
        match (page.front(), &self.identity) {
            (None, None) => State::Identifying(self.log.info(&self.session)),
            (None, Some(identity)) => self.wait(identity.epoch()),
            (Some(first), Some(identity)) if first.epoch != identity.epoch() => {
                let identity = identity.clone();
                State::Checking(page, Box::pin(async move { identity.check().await }))
            }
            _ => {
                self.page = page;
                State::Idle
            }
        }
    }

    fn wait(&self, epoch: Epoch) -> State {
        State::Waiting(self.log.reached_in(&self.session, epoch, self.next))
    }
}

impl Stream for Tail {
    type Item = Result<Record, LogError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = ready!(self.poll_record(cx));
        if polled.is_err() {
            self.state = State::Over;
        }
        Poll::Ready(polled.transpose())
    }
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail")
            .field("session", &self.session)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
