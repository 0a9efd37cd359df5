//! Forks: new sessions that start as copies of other sessions.

use super::Hub;
use crate::error::SessionError;
use burdock::{
    Graph,
    log::{Cursor, LogError, Offset, RawSessionView, SessionId, fork},
};

impl<G: Graph> Hub<G> {
    /// Forks a session of this graph at a cursor, or at its last entry if `at` is `None`.
    pub(crate) async fn fork(
        &self,
        session: &SessionId,
        at: Option<Cursor>,
        new: &SessionId,
    ) -> Result<(), SessionError> {
        self.info(session).await?;
        let view = match at {
            Some(at) => {
                let offset = self.entry_at(session, at).await?;
                RawSessionView::at(&self.log, session, offset).await?
            }
            None => RawSessionView::latest(&self.log, session).await?,
        };
        let bytes = serde_json::to_vec(&view.snapshot).map_or(usize::MAX, |json| json.len());
        let limit = self.limits.fork;
        if bytes > limit {
            return Err(SessionError::ForkTooLarge { bytes, limit });
        }
        Ok(fork(&self.log, session, view.offset, new).await?)
    }

    /// Returns the offset of the entry at a cursor.
    ///
    /// # Errors
    /// Returns an error if the entry was trimmed, or if the session does not have the cursor: it never had it, or
    /// lost it in a crash.
    async fn entry_at(&self, session: &SessionId, at: Cursor) -> Result<Offset, SessionError> {
        match self.log.read(session, at.offset, 1).await {
            Err(LogError::Trimmed { first, .. }) => {
                Err(SessionError::Trimmed { first: self.cursor_before(session, first).await? })
            }
            Ok(found) if found.iter().all(|entry| entry.cursor() != at) => {
                Err(LogError::UnknownCursor { session: session.clone(), cursor: at }.into())
            }
            found => Ok(found.map(|_| at.offset)?),
        }
    }
}
