//! The status of a session, from its log and from the runs in progress in this process.

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

/// Number of entries that the search for the last event reads at a time.
const PAGE: u64 = 256;

/// Number of entries that the search for the last event reads first. It is small, because most entries are visible to
/// readers.
const TAIL: u64 = 4;

impl<G: Graph> Hub<G> {
    /// Reads a session with `read`. Returns the result, and whether a run was in progress as of the last entry that
    /// was read. `at` returns the cursor of that entry, and whether a run is unfinished there.
    pub(crate) async fn read_with_status<T, R: Future<Output = Result<T, SessionError>>>(
        &self,
        session: &SessionId,
        read: impl Fn() -> R,
        at: impl Fn(&T) -> (Cursor, bool),
    ) -> Result<(T, bool), SessionError> {
        let mut found = read().await?;
        loop {
            let running = self.is_running(session);
            let (cursor, unfinished) = at(&found);
            if running || !unfinished {
                return Ok((found, running && unfinished));
            }
            // the run may have ended between the read and the check; then there are more entries
            found = read().await?;
            if at(&found).0 == cursor {
                return Ok((found, false));
            }
        }
    }

    /// Reads a session of this graph in its types. Also returns whether a run of the session is in progress in this
    /// process.
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
        self.read_with_status(session, read, at).await
    }

    /// Like [`view`](Self::view), but as JSON, even if the state no longer has the graph's types.
    pub(crate) async fn raw_view(
        &self,
        session: &SessionId,
    ) -> Result<(RawSessionView, bool), SessionError> {
        let read = async || {
            let view = RawSessionView::latest(&self.log, session).await?;
            // the session may have been deleted, and another graph may have created it again
            if G::TOPOLOGY.names().all(|name| name != view.snapshot.graph.name) {
                return Err(SessionError::NotFound { session: session.clone() });
            }
            Ok(view)
        };
        let at = |view: &RawSessionView| {
            (view.cursor(), matches!(view.snapshot.position, Position::Unfinished(_)))
        };
        self.read_with_status(session, read, at).await
    }

    /// Returns whether the log has the end of the last run.
    pub(super) async fn is_last_run_over(&self, session: &SessionId) -> Result<bool, SessionError> {
        match self.last_visible(session, Offset(u64::MAX)).await {
            Err(LogError::NoSession { .. }) => Ok(false),
            last => Ok(last?.0.is_some_and(|event| event.is_terminal())),
        }
    }

    /// Returns the end of the log if the last run in it was interrupted: no task of this process continues it,
    /// because its process died or could not write to the log.
    pub(crate) async fn interrupted(
        &self,
        session: &SessionId,
    ) -> Result<Option<Offset>, SessionError> {
        let mut end = None;
        loop {
            // checked before the log is read: a run that is not in progress here has written its last entry
            if self.is_running(session) {
                return Ok(None);
            }
            let (last, next) = self.last_visible(session, Offset(u64::MAX)).await?;
            let unfinished = match last {
                None | Some(Event::SessionReopened { .. }) => false,
                Some(event) => !event.is_terminal(),
            };
            if !unfinished || end == Some(next) {
                return Ok(Some(next).filter(|_| unfinished));
            }
            // read again: another run may have started and ended meanwhile
            end = Some(next);
        }
    }

    /// Returns whether a reader that has received the entry at `cursor` does not have to wait for the end of a run:
    /// the entry is the end of a run, or the last one of an interrupted run, and no run was started after it.
    pub(crate) async fn is_caught_up(
        &self,
        session: &SessionId,
        cursor: Cursor,
    ) -> Result<bool, SessionError> {
        let at_cursor = match self.log.read(session, cursor.offset, 1).await {
            // the entries that remain come after the cursor
            Err(LogError::Trimmed { .. }) => return Ok(false),
            records => records?,
        };
        if at_cursor.first().is_none_or(|record| record.cursor() != cursor) {
            return Ok(false);
        }
        let (last, _) = self.last_visible(session, cursor.offset.plus(1)).await?;
        let over = last.is_some_and(|event| event.is_terminal());
        let mut next = cursor.offset.plus(1);
        let mut records = entries(&self.log, session, next..);
        while let Some(record) = records.next().await.transpose()? {
            next = record.offset.plus(1);
            let visible = project::<G>(record.entry(session)?, &JsonItems, None);
            if visible.is_some_and(|visible| visible.event.is_start() || !over) {
                return Ok(false);
            }
        }
        Ok(over || self.interrupted(session).await?.is_some_and(|end| end <= next))
    }

    /// Returns the entry at a cursor; `None` if the log does not have it or cannot be read.
    pub(crate) async fn entry(&self, session: &SessionId, at: Cursor) -> Option<EntryKind> {
        let found = self.log.read(session, at.offset, 1).await.ok()?;
        let record = found.first().filter(|record| record.cursor() == at)?;
        Some(record.entry(session).ok()?.kind)
    }

    /// Returns the cursor just before an entry, even if the entry at that cursor was trimmed; `None` for the
    /// first entry of a session.
    pub(crate) async fn cursor_before(
        &self,
        session: &SessionId,
        entry: Offset,
    ) -> Result<Option<Cursor>, SessionError> {
        let Some(offset) = entry.0.checked_sub(1).map(Offset) else { return Ok(None) };
        let epochs = self.log.epochs(session).await?;
        let epoch = epochs.iter().rev().find(|epoch| epoch.start <= offset);
        Ok(epoch.map(|found| Cursor { epoch: found.epoch, offset }))
    }

    /// Returns the last event before an offset, and that offset or the end of the log, whichever is less.
    async fn last_visible(
        &self,
        session: &SessionId,
        before: Offset,
    ) -> Result<(Option<Event>, Offset), LogError> {
        let info = self.log.info(session).await?;
        let end = before.min(info.next);
        let (mut to, mut size) = (end, TAIL);
        while to > info.first {
            let from = Offset(to.0.saturating_sub(size)).max(info.first);
            if let Some(last) = self.last_visible_in(session, from, to).await? {
                return Ok((Some(last), end));
            }
            (to, size) = (from, PAGE);
        }
        Ok((None, end))
    }

    /// Returns the last event of the entries in a range.
    async fn last_visible_in(
        &self,
        session: &SessionId,
        from: Offset,
        to: Offset,
    ) -> Result<Option<Event>, LogError> {
        let mut last = None;
        let mut records = entries(&self.log, session, from..to);
        while let Some(record) = records.next().await.transpose()? {
            if let Some(visible) = project::<G>(record.entry(session)?, &JsonItems, None) {
                last = Some(visible.event);
            }
        }
        Ok(last)
    }
}
