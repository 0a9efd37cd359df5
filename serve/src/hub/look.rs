//! What can be said of a session from its log and from what is under way here.

use super::Hub;
use crate::{
    error::SessionError,
    event::{Event, JsonItems, project},
};
use burdock::{
    Graph, Position,
    log::{Cursor, EntryKind, LogError, Offset, RawSessionView, SessionId, entries},
    run::SessionView,
};
use std::future::Future;

/// How many entries are read at once to find the last event.
const PAGE: u64 = 256;

/// How many entries are read first to find the last event. Readers see most entries.
const TAIL: u64 = 4;

impl<G: Graph> Hub<G> {
    /// Reads a session, and whether a run is under way in what was read: `at` tells the place of that,
    /// and whether a run is unfinished there.
    pub(crate) async fn look<T, R: Future<Output = Result<T, SessionError>>>(
        &self,
        session: &SessionId,
        read: impl Fn() -> R,
        at: impl Fn(&T) -> (Cursor, bool),
    ) -> Result<(T, bool), SessionError> {
        let mut seen = read().await?;
        loop {
            let running = self.is_running(session);
            let (cursor, unfinished) = at(&seen);
            if running || !unfinished {
                return Ok((seen, running && unfinished));
            }
            // the run may have come to its end between the two: then there is more to read
            seen = read().await?;
            if at(&seen).0 == cursor {
                return Ok((seen, false));
            }
        }
    }

    /// Reads a session of this graph in its types, and whether a run of it is in progress here.
    pub(crate) async fn view(
        &self,
        session: &SessionId,
    ) -> Result<(SessionView<G>, bool), SessionError> {
        self.info(session).await?;
        let read = async || {
            let view = SessionView::latest(&self.log, session).await;
            view.map_err(|error| SessionError::of_read(session, error))
        };
        let at =
            |view: &SessionView<G>| (view.cursor, matches!(view.position, Position::Unfinished(_)));
        self.look(session, read, at).await
    }

    /// Reads a session of this graph as JSON, also one whose state no longer has the graph's types.
    pub(crate) async fn raw_view(
        &self,
        session: &SessionId,
    ) -> Result<(RawSessionView, bool), SessionError> {
        let read = async || {
            let view = RawSessionView::latest(&self.log, session).await?;
            // deleted since, and made again by another graph
            if G::TOPOLOGY.names().all(|name| name != view.snapshot.graph.name) {
                return Err(SessionError::NotFound { session: session.clone() });
            }
            Ok(view)
        };
        let at = |view: &RawSessionView| {
            (view.cursor(), matches!(view.snapshot.position, Position::Unfinished(_)))
        };
        self.look(session, read, at).await
    }

    /// Whether the log has the end of the last run.
    pub(super) async fn is_over(&self, session: &SessionId) -> Result<bool, SessionError> {
        match self.last_told(session, Offset(u64::MAX)).await {
            Err(LogError::NoSession { .. }) => Ok(false),
            told => Ok(told?.0.is_some_and(|event| event.is_terminal())),
        }
    }

    /// Where the log ends with a run that nobody here goes on with: it died with its process, or could
    /// not write any more.
    pub(crate) async fn interrupted(
        &self,
        session: &SessionId,
    ) -> Result<Option<Offset>, SessionError> {
        let mut end = None;
        loop {
            // the log has the end of what is not under way
            if self.is_running(session) {
                return Ok(None);
            }
            let (last, next) = self.last_told(session, Offset(u64::MAX)).await?;
            let stands = match last {
                None | Some(Event::SessionReopened { .. }) => false,
                Some(event) => !event.is_terminal(),
            };
            if !stands || end == Some(next) {
                return Ok(Some(next).filter(|_| stands));
            }
            // once more: a run may have begun and come to its end meanwhile
            end = Some(next);
        }
    }

    /// Whether a reader who has seen an entry need not wait for more of a run: it was the end of one, or
    /// all there is of one that was interrupted, and no other one was started since.
    pub(crate) async fn has_seen_all(
        &self,
        session: &SessionId,
        cursor: Cursor,
    ) -> Result<bool, SessionError> {
        let seen = match self.log.read(session, cursor.offset, 1).await {
            // whatever that was, there is more
            Err(LogError::Trimmed { .. }) => return Ok(false),
            seen => seen?,
        };
        if seen.first().is_none_or(|record| record.cursor() != cursor) {
            return Ok(false);
        }
        let (last, _) = self.last_told(session, cursor.offset.plus(1)).await?;
        let over = last.is_some_and(|event| event.is_terminal());
        let mut next = cursor.offset.plus(1);
        let mut records = entries(&self.log, session, next..);
        while let Some(record) = records.next().await.transpose()? {
            next = record.offset.plus(1);
            let told =
                project::<G>(record.entry(session)?, &JsonItems, None).map(|told| told.event);
            if told.is_some_and(|event| event.is_beginning() || !over) {
                return Ok(false);
            }
        }
        Ok(over || self.interrupted(session).await?.is_some_and(|end| end <= next))
    }

    /// Returns what the entry at a cursor says, if the log can be asked and has it.
    pub(crate) async fn entry(&self, session: &SessionId, at: Cursor) -> Option<EntryKind> {
        let found = self.log.read(session, at.offset, 1).await.ok()?;
        let record = found.first().filter(|record| record.cursor() == at)?;
        Some(record.entry(session).ok()?.kind)
    }

    /// The place just before an entry, though what stood there may be gone.
    pub(crate) async fn before_entry(
        &self,
        session: &SessionId,
        entry: Offset,
    ) -> Result<Option<Cursor>, SessionError> {
        let Some(offset) = entry.0.checked_sub(1).map(Offset) else { return Ok(None) };
        let epochs = self.log.epochs(session).await?;
        let epoch = epochs.iter().rev().find(|epoch| epoch.start <= offset);
        Ok(epoch.map(|found| Cursor { epoch: found.epoch, offset }))
    }

    /// The last event before an entry, and that entry or where the log ends.
    async fn last_told(
        &self,
        session: &SessionId,
        before: Offset,
    ) -> Result<(Option<Event>, Offset), LogError> {
        let info = self.log.info(session).await?;
        let end = before.min(info.next);
        let (mut to, mut size) = (end, TAIL);
        while to > info.first {
            let from = Offset(to.0.saturating_sub(size)).max(info.first);
            if let Some(last) = self.last_between(session, from, to).await? {
                return Ok((Some(last), end));
            }
            (to, size) = (from, PAGE);
        }
        Ok((None, end))
    }

    /// The last event of the entries in a range.
    async fn last_between(
        &self,
        session: &SessionId,
        from: Offset,
        to: Offset,
    ) -> Result<Option<Event>, LogError> {
        let mut last = None;
        let mut records = entries(&self.log, session, from..to);
        while let Some(record) = records.next().await.transpose()? {
            if let Some(told) = project::<G>(record.entry(session)?, &JsonItems, None) {
                last = Some(told.event);
            }
        }
        Ok(last)
    }
}
