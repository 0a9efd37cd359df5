//! A stream that follows a session from the cursor of a reader.

use super::{Cursor, EpochStart, Log, LogError, LogFuture, Offset, Record, SessionId, Tail, tail};
use futures_core::Stream;
use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// An item of [`Follow`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The entries that the reader received after `to` are lost: they were not durable when the process
    /// crashed.
    Rewound {
        /// The last received entry that still exists. `None` if there is none.
        to: Option<Cursor>,
    },
    /// The next entry.
    Record(Record),
}

/// The maximum distance of a cursor beyond the end of the log. A reader can be ahead by the entries that were not
/// durable before a crash, or by the lag of a replica. A cursor that is further ahead can never become valid.
const MAX_LEAD: u64 = 100_000;

/// Follows a session from the cursor of a reader, or from its start if the cursor is `None`.
///
/// If the cursor is beyond the durable end of its epoch, the first item is [`Rewound`](Followed::Rewound). Until
/// the session is opened again, that end is unknown: the stream then waits for the entry at the cursor, or for the
/// first entry of the next writer.
///
/// ```
#[doc = include_str!("../docs/cafe.txt")]
/// # use burdock::log::{Cursor, Log, MemoryLog, SessionId};
/// # use std::sync::Arc;
/// use burdock::log::{self, EntryKind, Followed};
///
/// # let (log, session): (Arc<dyn Log>, _) = (Arc::new(MemoryLog::new()), SessionId::new("table-7")?);
/// # let mut app = Cafe::app().id("table-7").log(Arc::clone(&log)).build().await?;
/// # app.run(CafeInputs { cups: 1 }).await?;
/// let (mut cursor, mut items): (Option<Cursor>, _) = (None, Vec::new());
/// let mut follow = log::follow(&log, &session, cursor).await?;
/// while let Some(followed) = follow.next().await.transpose()? {
///     match followed {
///         Followed::Rewound { to } => cursor = to, // discard everything after it
///         Followed::Record(record) => {
///             cursor = Some(record.cursor()); // to continue here after a reconnect
///             match record.entry(&session)?.kind {
///                 EntryKind::Item { item, .. } => items.push(item),
///                 EntryKind::RunPaused { .. } => break,
///                 _ => {}
///             }
///         }
///     }
/// }
/// assert_eq!(items, ["cup 1", "paid 2"]);
/// assert_eq!(cursor, app.cursor());
/// # Ok(()) }
/// ```
///
/// # Errors
/// Returns [`LogError::NoSession`] if there is no such session, [`LogError::Trimmed`] if entries after the cursor
/// were removed, and [`LogError::UnknownCursor`] if the session never had the cursor, or if it is more than
/// 100 000 entries beyond the end of the log.
pub async fn follow(
    log: &Arc<dyn Log>,
    session: &SessionId,
    cursor: Option<Cursor>,
) -> Result<Follow, LogError> {
    let stage = match cursor {
        None => {
            let info = log.info(session).await?;
            Stage::Following(tail(log, session, info.first).of(info.epoch))
        }
        Some(cursor) => match locate(log, session, cursor).await? {
            Location::Known(stage) => stage,
            Location::Ahead(next) => {
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
/// Dropping it loses nothing: another one continues from the reader's cursor.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Follow {
    session: SessionId,
    stage: Stage,
}

enum Stage {
    /// Waits because the cursor is beyond the end of the log.
    Ahead(LogFuture<Stage>),
    /// The next item is `Rewound`.
    Rewound(Option<Cursor>, Tail),
    Following(Tail),
    Over,
}

impl Follow {
    /// Returns the next item. Returns `None` only after an error.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
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
                Stage::Following(tail) => ready!(Pin::new(tail).poll_next(cx)),
                Stage::Rewound(..) | Stage::Over => None,
            };
            return Poll::Ready(match (next, mem::replace(&mut self.stage, Stage::Over)) {
                (None, Stage::Rewound(to, tail)) => {
                    self.stage = Stage::Following(tail);
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

/// The location of a cursor in a session.
enum Location {
    Known(Stage),
    /// The cursor is beyond the end of the log, and its epoch is the last one. The next entry has this offset.
    Ahead(Offset),
}

async fn locate(
    log: &Arc<dyn Log>,
    session: &SessionId,
    cursor: Cursor,
) -> Result<Location, LogError> {
    // read before `epochs`, so that `epochs` has the epoch of every entry before `info.next`
    let info = log.info(session).await?;
    let epochs = log.epochs(session).await?;
    if epochs.iter().all(|known| known.epoch != info.epoch) {
        // deleted and created again between the two calls
        return Err(LogError::NoSession { session: session.clone() });
    }
    let unknown = || LogError::UnknownCursor { session: session.clone(), cursor };
    let epoch = epochs.iter().position(|known| known.epoch == cursor.epoch).ok_or_else(unknown)?;
    if cursor.offset < epochs[epoch].start {
        return Err(unknown());
    }
    // the entries of an epoch end at the start of the next one
    let end = epochs.get(epoch + 1).map(|next| next.start).filter(|end| *end <= cursor.offset);
    let from = match end {
        Some(end) => end,
        None if cursor.offset < info.next => cursor.offset.plus(1),
        None if cursor.offset > info.next.plus(MAX_LEAD) => return Err(unknown()),
        None => return Ok(Location::Ahead(info.next)),
    };
    if from < info.first {
        return Err(LogError::Trimmed { session: session.clone(), first: info.first });
    }
    let tail = tail(log, session, from).of(cursor.epoch);
    Ok(Location::Known(match end {
        Some(end) => Stage::Rewound(last_before(&epochs, end), tail),
        None => Stage::Following(tail),
    }))
}

/// Waits until the location of a cursor is known.
async fn wait(
    log: Arc<dyn Log>,
    session: SessionId,
    cursor: Cursor,
    mut next: Offset,
) -> Result<Stage, LogError> {
    loop {
        log.reached_in(&session, cursor.epoch, next).await?;
        next = match locate(&log, &session, cursor).await? {
            Location::Known(stage) => return Ok(stage),
            Location::Ahead(next) => next,
        };
    }
}

/// Returns the cursor of the entry before an offset.
fn last_before(epochs: &[EpochStart], end: Offset) -> Option<Cursor> {
    let offset = Offset(end.0.checked_sub(1)?);
    let epoch = epochs.iter().rev().find(|known| known.start <= offset)?.epoch;
    Some(Cursor { epoch, offset })
}
