//! Reading on as a session grows.

use super::{Epoch, EpochStart, Log, LogError, Logging, Offset, Record, SessionId};
use futures_core::Stream;
use std::{
    collections::VecDeque,
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// How many entries are read at once.
const PAGE: usize = 256;

/// The entries of a session from an offset on: those that are there, then those that come.
///
/// It ends never by itself; after an error it ends.
///
/// # Cancel safety
/// Dropping it between two entries loses nothing: another one from the next offset goes on.
pub fn tail(log: &Arc<dyn Log>, session: &SessionId, from: Offset) -> Tail {
    Tail {
        log: Arc::clone(log),
        session: session.clone(),
        next: from,
        seen: None,
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
    /// Who wrote the last entry.
    seen: Option<Epoch>,
    page: VecDeque<Record>,
    state: State,
}

enum State {
    Idle,
    Reading(Logging<Vec<Record>>),
    /// Whether a page that another epoch wrote is still of the session that was seen.
    Checking(Epoch, VecDeque<Record>, Logging<Vec<EpochStart>>),
    Waiting(Logging<()>),
    Over,
}

impl Tail {
    /// Goes on behind an entry of this epoch.
    pub(super) fn behind(self, epoch: Epoch) -> Self {
        Self { seen: Some(epoch), ..self }
    }

    /// The next entry; `None` only after an error.
    ///
    /// # Cancel safety
    /// Loses nothing when dropped.
    pub async fn next(&mut self) -> Option<Result<Record, LogError>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    fn poll_record(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Record>, LogError>> {
        loop {
            if let Some(record) = self.page.pop_front() {
                self.next = record.offset.plus(1);
                self.seen = Some(record.epoch);
                return Poll::Ready(Ok(Some(record)));
            }
            self.state = match &mut self.state {
                State::Idle => State::Reading(self.log.read(&self.session, self.next, PAGE)),
                State::Reading(reading) => {
                    let page: VecDeque<_> = ready!(reading.as_mut().poll(cx))?.into();
                    match (page.front().map(|record| record.epoch), self.seen) {
                        (None, _) => State::Waiting(self.log.reached(&self.session, self.next)),
                        (Some(epoch), Some(seen)) if epoch != seen => {
                            State::Checking(seen, page, self.log.epochs(&self.session))
                        }
                        _ => {
                            self.page = page;
                            State::Idle
                        }
                    }
                }
                State::Checking(seen, page, epochs) => {
                    let epochs = ready!(epochs.as_mut().poll(cx))?;
                    if !epochs.iter().any(|known| known.epoch == *seen) {
                        // deleted and made again
                        let session = self.session.clone();
                        return Poll::Ready(Err(LogError::NoSession { session }));
                    }
                    self.page = mem::take(page);
                    State::Idle
                }
                State::Waiting(waiting) => {
                    ready!(waiting.as_mut().poll(cx))?;
                    State::Idle
                }
                State::Over => return Poll::Ready(Ok(None)),
            };
        }
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
