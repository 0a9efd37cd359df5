//! Coming back to a session with a cursor.

use super::{Cursor, EpochStart, Log, LogError, LogFuture, Offset, Record, SessionId, Tail, tail};
use futures_core::Stream;
use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// What a consumer that comes back is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// What the consumer saw behind this entry is gone: it had run ahead of the disk when the
    /// process died. `None` when the consumer saw nothing that is left.
    Rewound {
        /// The last entry that still stands.
        to: Option<Cursor>,
    },
    /// The next entry.
    Record(Record),
}

/// How far beyond the end of a log a cursor may be that is waited for. A reader is ahead by what had run
/// ahead of the disk, or by as much as a replica lags behind; nothing can make a cursor valid that is
/// further ahead.
const LONGEST_LEAD: u64 = 100_000;

/// Follows a session from where a consumer is; `None` for one that has seen nothing.
///
/// A consumer whose cursor is beyond the durable end of its epoch is told first that it is
/// [`Rewound`](Followed::Rewound). While that end is not known, because nobody opened the session
/// since, it waits: for the entry that it saw, or for the first one of the next writer.
///
/// # Errors
/// [`LogError::NoSession`], [`LogError::Trimmed`] when entries that the consumer lacks are gone,
/// [`LogError::UnknownCursor`] for a place that the session never had, or that is more than 100 000
/// entries beyond its end.
pub async fn follow(
    log: &Arc<dyn Log>,
    session: &SessionId,
    cursor: Option<Cursor>,
) -> Result<Follow, LogError> {
    let stage = match cursor {
        None => {
            let info = log.info(session).await?;
            Stage::On(tail(log, session, info.first).of(info.epoch))
        }
        Some(cursor) => match look(log, session, cursor).await? {
            Look::Found(stage) => stage,
            Look::Ahead(next) => {
                let (log, session) = (Arc::clone(log), session.clone());
                Stage::Ahead(Box::pin(wait(log, session, cursor, next)))
            }
        },
    };
    Ok(Follow { session: session.clone(), stage })
}

/// The stream that [`follow`] returns. It never ends on its own; it ends after an error.
///
/// # Cancel safety
/// Dropping it loses nothing: another one from the consumer's cursor goes on.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Follow {
    session: SessionId,
    stage: Stage,
}

enum Stage {
    /// The consumer is ahead of the log.
    Ahead(LogFuture<Stage>),
    /// It is to be told so.
    Rewound(Option<Cursor>, Tail),
    On(Tail),
    Over,
}

impl Follow {
    /// What comes next; `None` only after an error.
    ///
    /// # Cancel safety
    /// Loses nothing when dropped.
    pub async fn next(&mut self) -> Option<Result<Followed, LogError>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Follow {
    type Item = Result<Followed, LogError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let next = match &mut self.stage {
                Stage::Ahead(waiting) => match ready!(waiting.as_mut().poll(cx)) {
                    Ok(stage) => {
                        self.stage = stage;
                        continue;
                    }
                    Err(error) => Some(Err(error)),
                },
                Stage::On(tail) => ready!(Pin::new(tail).poll_next(cx)),
                Stage::Rewound(..) | Stage::Over => None,
            };
            return Poll::Ready(match (next, mem::replace(&mut self.stage, Stage::Over)) {
                (None, Stage::Rewound(to, tail)) => {
                    self.stage = Stage::On(tail);
                    Some(Ok(Followed::Rewound { to }))
                }
                (Some(Ok(record)), stage) => {
                    self.stage = stage;
                    Some(Ok(Followed::Record(record)))
                }
                (Some(Err(error)), _) => Some(Err(error)),
                (None, _) => None,
            });
        }
    }
}

impl fmt::Debug for Follow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow").field("session", &self.session).finish_non_exhaustive()
    }
}

/// Where a consumer is in a session.
enum Look {
    Found(Stage),
    /// It saw what is not stored, and nobody opened the session since; the log goes on here.
    Ahead(Offset),
}

async fn look(log: &Arc<dyn Log>, session: &SessionId, cursor: Cursor) -> Result<Look, LogError> {
    // first, so that an entry that stands there is that of the epoch, unless the epochs say else
    let info = log.info(session).await?;
    let epochs = log.epochs(session).await?;
    if epochs.iter().all(|known| known.epoch != info.epoch) {
        // deleted and made again between the two
        return Err(LogError::NoSession { session: session.clone() });
    }
    let unknown = || LogError::UnknownCursor { session: session.clone(), cursor };
    let epoch = epochs.iter().position(|known| known.epoch == cursor.epoch).ok_or_else(unknown)?;
    if cursor.offset < epochs[epoch].start {
        return Err(unknown());
    }
    // the entries of an epoch end where the next one begins
    let end = epochs.get(epoch + 1).map(|next| next.start).filter(|end| *end <= cursor.offset);
    let from = match end {
        Some(end) => end,
        None if cursor.offset < info.next => cursor.offset.plus(1),
        None if cursor.offset > info.next.plus(LONGEST_LEAD) => return Err(unknown()),
        None => return Ok(Look::Ahead(info.next)),
    };
    if from < info.first {
        return Err(LogError::Trimmed { session: session.clone(), first: info.first });
    }
    let tail = tail(log, session, from).of(cursor.epoch);
    Ok(Look::Found(match end {
        Some(end) => Stage::Rewound(last_before(&epochs, end), tail),
        None => Stage::On(tail),
    }))
}

/// Waits until the log tells where the consumer is.
async fn wait(
    log: Arc<dyn Log>,
    session: SessionId,
    cursor: Cursor,
    mut next: Offset,
) -> Result<Stage, LogError> {
    loop {
        log.reached_in(&session, cursor.epoch, next).await?;
        next = match look(&log, &session, cursor).await? {
            Look::Found(stage) => return Ok(stage),
            Look::Ahead(next) => next,
        };
    }
}

/// The cursor of the entry before an offset.
fn last_before(epochs: &[EpochStart], end: Offset) -> Option<Cursor> {
    let offset = Offset(end.0.checked_sub(1)?);
    let epoch = epochs.iter().rev().find(|known| known.start <= offset)?.epoch;
    Some(Cursor { epoch, offset })
}
