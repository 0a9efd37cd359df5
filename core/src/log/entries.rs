//! A stream of the entries in a range, read page by page.

use super::{Log, LogError, LogFuture, Offset, Record, SessionId};
use futures_core::Stream;
use std::{
    fmt,
    ops::{Bound, RangeBounds},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    vec,
};

/// The number of entries per page: for ranges with an end, and for ranges without one. Readers may drop the stream
/// of the latter early.
const PAGES: (usize, usize) = (1024, 256);

/// Returns a stream of the entries of a session in a range of offsets, as far as the log has them.
///
/// The stream ends at the end of the range or of the log. If it is polled again at the end of the log, it continues
/// with the entries that were appended since. To wait for new entries, use [`tail`](super::tail). If the session is
/// deleted while it is read, and another one is created with its id, the entries may be of either.
///
/// ```
/// # use burdock::{log::{self, Log, MemoryLog, Offset, SessionId}, prelude::*};
/// # use serde::{Deserialize, Serialize};
/// # use std::sync::Arc;
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # struct Counter { count: u64 }
/// # #[action(state = Counter, reads(count), writes(count))]
/// # async fn increment(counter: Reads<'_>) -> Result<Writes> { Ok(Writes { count: counter.count + 1 }) }
/// # graph! { Counting(Counter) { nodes { increment } start increment; increment -> pause; } }
/// # futures::executor::block_on(async {
/// # let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
/// # let mut app = Counting::app().id("anna").log(Arc::clone(&log)).build().await?;
/// # app.run(CountingInputs {}).await?;
/// let session = SessionId::new("anna")?;
/// let mut entries = log::entries(&log, &session, Offset(1)..);
/// while let Some(record) = entries.next().await.transpose()? {
///     println!("{} {}", record.offset, record.entry(&session)?.kind.name());
/// }
/// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
///
/// # Errors
/// The stream returns [`LogError::NoSession`], [`LogError::Trimmed`] if the first entries of the range were
/// removed, or [`LogError::Damaged`].
pub fn entries(
    log: &Arc<dyn Log>,
    session: &SessionId,
    range: impl RangeBounds<Offset>,
) -> Entries {
    let next = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(start) => start.plus(1),
        Bound::Unbounded => Offset::ZERO,
    };
    let end = match range.end_bound() {
        Bound::Included(end) => Some(end.plus(1)),
        Bound::Excluded(end) => Some(*end),
        Bound::Unbounded => None,
    };
    let (log, session, page) = (Arc::clone(log), session.clone(), Vec::new().into_iter());
    Entries { log, session, next, end, page, reading: None }
}

/// The stream that [`entries`] returns.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Entries {
    log: Arc<dyn Log>,
    session: SessionId,
    /// The offset of the next page.
    next: Offset,
    /// `None` for a range without an end.
    end: Option<Offset>,
    page: vec::IntoIter<Record>,
    reading: Option<LogFuture<Vec<Record>>>,
}

impl Entries {
    /// Returns the next entry, or `None` at the end.
    ///
    /// # Errors
    /// Returns the errors of [`entries`]. The next call tries again.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Record, LogError>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Requests the next page. Returns `None` at the end of the range.
    fn read(&self) -> Option<LogFuture<Vec<Record>>> {
        let (bounded, unbounded) = PAGES;
        let page = self.end.map_or(unbounded, |end| {
            let left = end.0.saturating_sub(self.next.0);
            usize::try_from(left).unwrap_or(bounded).min(bounded)
        });
        (page > 0).then(|| self.log.read(&self.session, self.next, page))
    }
}

impl Stream for Entries {
    type Item = Result<Record, LogError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(record) = self.page.next() {
                return Poll::Ready(Some(Ok(record)));
            }
            if self.reading.is_none() {
                self.reading = self.read();
            }
            let Some(reading) = &mut self.reading else { return Poll::Ready(None) };
            let page = ready!(reading.as_mut().poll(cx));
            self.reading = None;
            match page {
                Ok(page) if page.is_empty() => return Poll::Ready(None),
                Ok(page) => {
                    self.next = self.next.plus(page.len() as u64);
                    self.page = page.into_iter();
                    if self.end.is_some() {
                        // the log reads the next page while the caller handles this one
                        self.reading = self.read();
                    }
                }
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries")
            .field("session", &self.session)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
